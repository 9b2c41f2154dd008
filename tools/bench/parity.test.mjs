import { describe, expect, it } from 'vitest';
import { checkParity, distances } from './parity.mjs';

/** @param {Record<string, number[]>} arrays */
const outputs = (arrays) =>
  new Map(Object.entries(arrays).map(([name, data]) => [name, { shape: [data.length], data }]));
const reference = { 'report.loss': [4], 'gradient.a': [3, 4], 'gradient.b': [0.1, 0] };

describe('distances', () => {
  it('are relative, by group, and zero for the same', () => {
    const changed = outputs({ ...reference, 'gradient.a': [3, 4.001] });
    const { groups, farthest } = distances(changed, outputs(reference));
    expect(groups.report).toBe(0);
    expect(groups.gradient).toBeCloseTo(0.001 / Math.hypot(3, 4, 0.1), 9);
    expect(farthest).toEqual({ name: 'gradient.a', distance: expect.closeTo(0.0002, 9) });
  });

  it('do not make much of noise where a gradient is zero', () => {
    const noise = (/** @type {number} */ x) => outputs({ ...reference, 'gradient.key.bias': [x] });
    expect(distances(noise(1e-8), noise(-1e-8)).farthest.distance).toBeLessThan(1e-5);
  });

  it('refuse what only one side has, or has in another shape', () => {
    const more = outputs({ ...reference, 'gradient.c': [1] });
    expect(() => distances(outputs(reference), more)).toThrow('only one side has gradient.c');
    expect(() => distances(outputs({ ...reference, 'gradient.b': [0] }), outputs(reference))).toThrow(
      'gradient.b is [1]',
    );
  });
});

describe('checkParity', () => {
  it('passes what float32 rounds differently', () => {
    const rounded = outputs({ ...reference, 'gradient.a': [3 + 1e-6, 4] });
    expect(() => checkParity(rounded, outputs(reference))).not.toThrow();
  });

  it('notices a small array that is wrong, which its group hides', () => {
    const wrong = outputs({ ...reference, 'gradient.b': [0.1 + 3e-5, 0] });
    expect(distances(wrong, outputs(reference)).groups.gradient).toBeLessThan(1e-5);
    expect(() => checkParity(wrong, outputs(reference))).toThrow('gradient.b is 3.0e-4 apart');
  });

  it('notices a group that is off, and NaN', () => {
    expect(() => checkParity(outputs({ ...reference, 'report.loss': [4.01] }), outputs(reference))).toThrow('report');
    expect(() => checkParity(outputs({ ...reference, 'report.loss': [Number.NaN] }), outputs(reference))).toThrow(
      'report',
    );
  });
});
