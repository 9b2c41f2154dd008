/**
 * The k-th largest of some numbers, in memory for k; -Infinity where there are fewer. A bounded heap: most numbers cost one comparison.
 *
 * @param values none of them NaN
 * @param k a whole number from 1
 */
export function kthLargest(values: Float32Array, k: number): number {
  if (values.length < k) return Number.NEGATIVE_INFINITY;
  const heap = values.slice(0, k).sort();
  for (let i = k; i < values.length; i++) {
    const value = values[i] as number;
    if (value > (heap[0] as number)) replaceLeast(heap, value);
  }
  return heap[0] as number;
}

/** Puts a value in the place of the least, which is on top. */
function replaceLeast(heap: Float32Array, value: number): void {
  let i = 0;
  for (;;) {
    let child = 2 * i + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && (heap[child + 1] as number) < (heap[child] as number)) child++;
    if (value <= (heap[child] as number)) break;
    heap[i] = heap[child] as number;
    i = child;
  }
  heap[i] = value;
}
