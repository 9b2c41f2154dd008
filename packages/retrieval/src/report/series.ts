/** What became of the values of one bucket of steps. */
export interface Bucket {
  count: number;
  sum: number;
  min: number;
  max: number;
}

/** A value and the step that had it. */
export interface ValueAt {
  readonly step: number;
  readonly value: number;
}

/** Numbers over the steps of a run in bounded memory: a bucket keeps mean and extremes of the steps that fall into it. */
export interface Series {
  /** By number: bucket i holds steps `i * width + 1` to `(i + 1) * width`. Buckets without a value are absent. */
  buckets: Map<number, Bucket>;
  /** Exact, whatever the width. Undefined before the first value. */
  first?: ValueAt;
  last?: ValueAt;
  least?: ValueAt;
  most?: ValueAt;
  /** Values that were no finite number. */
  lost: number;
}

/** A series without a value. */
export function emptySeries(): Series {
  return { buckets: new Map(), lost: 0 };
}

/** Takes a value in; one that is not a finite number is counted as lost. */
export function addValue(series: Series, step: number, width: number, value: unknown): void {
  if (typeof value !== 'number' || !Number.isFinite(value)) {
    series.lost++;
    return;
  }
  const at = bucketOf(step, width);
  const old = series.buckets.get(at);
  const one = { count: 1, sum: value, min: value, max: value };
  if (old) join(old, one);
  else series.buckets.set(at, one);
  const here = { step, value };
  series.first ??= here;
  series.last = here;
  if (!series.least || value < series.least.value) series.least = here;
  if (!series.most || value > series.most.value) series.most = here;
}

/** The number of the bucket that a step, from 1, falls into. */
export function bucketOf(step: number, width: number): number {
  return Math.floor((step - 1) / width);
}

/** The same buckets in pairs: for twice the width. */
export function halved(buckets: ReadonlyMap<number, Readonly<Bucket>>): Map<number, Bucket> {
  const merged = new Map<number, Bucket>();
  for (const [at, bucket] of buckets) {
    const to = Math.floor(at / 2);
    const old = merged.get(to);
    if (old) join(old, bucket);
    else merged.set(to, { ...bucket });
  }
  return merged;
}

function join(into: Bucket, more: Readonly<Bucket>): void {
  into.count += more.count;
  into.sum += more.sum;
  into.min = Math.min(into.min, more.min);
  into.max = Math.max(into.max, more.max);
}
