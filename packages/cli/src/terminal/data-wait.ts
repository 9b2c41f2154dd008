import type { StepEvent } from '@uniecs/retrieval';

/** The share of steps' time that went into waiting for data. */
export interface DataWait {
  add(step: Pick<StepEvent, 'dataWait' | 'pairsPerSecond'>): void;
  /** 0 to 1 over all steps added, longer steps counting more; batches of fewer pairs count as full ones. Undefined without a step. */
  readonly share: number | undefined;
}

/** Begins to count. */
export function dataWait(): DataWait {
  let [time, waited] = [0, 0];
  return {
    add({ dataWait: share, pairsPerSecond }) {
      // An event does not say how long its step took; a batch's pairs over their number a second do, up to a factor.
      if (!(pairsPerSecond > 0)) return;
      time += 1 / pairsPerSecond;
      waited += share / pairsPerSecond;
    },
    get share() {
      return time > 0 ? waited / time : undefined;
    },
  };
}

/** A share, 0 to 1, as `3 %`; above 0 and below half a percent, `<1 %`. */
export function percent(share: number): string {
  return share > 0 && share < 0.005 ? '<1 %' : `${Math.round(100 * share)} %`;
}
