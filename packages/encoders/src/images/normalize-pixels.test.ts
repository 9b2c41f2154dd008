import '@uniecs/tensor/testing';
import { describe, expect, it } from 'vitest';
import { clipMean, clipStd, normalizePixels } from './normalize-pixels.js';

describe('normalizePixels', () => {
  const pixels = Uint8Array.from([0, 128, 255, 7, 11, 13]);

  it("is (pixel / 255 - mean) / std per channel, with CLIP's figures by default", () => {
    const expected = (mean: readonly number[], std: readonly number[]) =>
      [...pixels].map((p, i) => (p / 255 - (mean[i % 3] as number)) / (std[i % 3] as number));
    expect(normalizePixels(pixels)).toBeCloseToArray(expected(clipMean, clipStd));
    const own = { mean: [0.5, 0.25, 0.75], std: [0.5, 2, 1] } as const;
    expect(normalizePixels(pixels, own)).toBeCloseToArray(expected(own.mean, own.std));
  });

  it('writes into a slice of a batch and nowhere else', () => {
    const batch = new Float32Array(18).fill(9);
    const into = batch.subarray(6, 12);
    expect(normalizePixels(pixels, { into })).toBe(into);
    expect(batch).toBeCloseToArray([...Array(6).fill(9), ...normalizePixels(pixels), ...Array(6).fill(9)]);
  });

  it('refuses a slice of another length', () => {
    expect(() => normalizePixels(pixels, { into: new Float32Array(5) })).toThrow(/one length, .* got 6 and 5/);
  });
});
