import { describe, expect, it } from 'vitest';
import { type LossScale, nextLossScale, startOfLossScale } from './loss-scale.js';

const after = (start: LossScale, overflows: readonly boolean[]) => overflows.reduce(nextLossScale, start);

describe('the loss scale', () => {
  it('is of float16 alone', () => {
    expect(startOfLossScale('float16')).toEqual({ scale: 65536, since: 0 });
    expect(startOfLossScale('bfloat16')).toBeUndefined();
    expect(startOfLossScale('float32')).toBeUndefined();
  });

  it('halves at an overflow, down to 1', () => {
    expect(after({ scale: 65536, since: 7 }, [true])).toEqual({ scale: 32768, since: 0 });
    expect(after({ scale: 65536, since: 0 }, Array(40).fill(true))).toEqual({ scale: 1, since: 0 });
  });

  it('doubles after 2,000 steps without one, up to 2^24', () => {
    const calm = (steps: number) => Array<boolean>(steps).fill(false);
    expect(after({ scale: 8, since: 0 }, calm(1999))).toEqual({ scale: 8, since: 1999 });
    expect(after({ scale: 8, since: 0 }, calm(2000))).toEqual({ scale: 16, since: 0 });
    expect(after({ scale: 8, since: 0 }, [...calm(1999), true, ...calm(1999)]).scale).toBe(4);
    expect(after({ scale: 2 ** 24, since: 1999 }, calm(1))).toEqual({ scale: 2 ** 24, since: 0 });
  });
});
