/** The learning rate of a step, from 0. */
export type Schedule = (step: number) => number;

/** Warm-up and cosine. */
export interface WarmupCosineOptions {
  /** The highest rate. */
  readonly peak: number;
  /** Steps of linear warm-up. */
  readonly warmupSteps: number;
  /** All steps, warm-up included. */
  readonly totalSteps: number;
  /** The rate at the end; default 0. */
  readonly end?: number;
}

/**
 * Linear warm-up to `peak`, then half a cosine down to `end`: `peak (t + 1) / W` for `t < W`, after that
 * `end + (peak - end) (1 + cos(π (t - W) / (T - W))) / 2`. Loshchilov and Hutter 2017.
 */
export function warmupCosine({ peak, warmupSteps, totalSteps, end = 0 }: WarmupCosineOptions): Schedule {
  return (step) => {
    if (step < warmupSteps) return (peak * (step + 1)) / warmupSteps;
    const progress = Math.min(1, (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps));
    return end + ((peak - end) * (1 + Math.cos(Math.PI * progress))) / 2;
  };
}
