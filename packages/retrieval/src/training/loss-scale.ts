import type { Precision } from '@uniecs/compile';

/** What the gradients of the representations are multiplied by, and the steps taken since it last changed. */
export type LossScale = {
  /** A power of 2, so that scaling rounds nothing. */
  readonly scale: number;
  readonly since: number;
};

/** Steps without overflow after which the scale doubles. */
const growthSteps = 2000;
const [first, largest] = [2 ** 16, 2 ** 24];

/** The scale that a run starts with: 65,536 for float16; none for precisions whose range is that of float32. */
export function startOfLossScale(precision: Precision): LossScale | undefined {
  return precision === 'float16' ? { scale: first, since: 0 } : undefined;
}

/**
 * The scale after a step: half where the scaled gradient was not finite, at least 1; twice after 2,000 steps in a row that were taken,
 * at most 2^24. (Dynamic loss scaling: Micikevicius et al., Mixed Precision Training, 2018.)
 */
export function nextLossScale({ scale, since }: LossScale, overflowed: boolean): LossScale {
  if (overflowed) return { scale: Math.max(1, scale / 2), since: 0 };
  if (since + 1 < growthSteps) return { scale, since: since + 1 };
  return { scale: Math.min(largest, scale * 2), since: 0 };
}
