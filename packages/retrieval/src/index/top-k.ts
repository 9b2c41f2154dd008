/** Keeps the k best of any number of values, in memory for k. */
export interface TopK<T> {
  /** Takes a value; it stays while fewer than k better ones are known. */
  offer(value: T): void;
  /** The k-th best so far: what a newcomer has to beat; undefined while there is room. */
  threshold(): T | undefined;
  /** The values kept, best first. */
  sorted(): T[];
}

/** A bounded heap with the worst kept value on top. `compare(a, b)` is negative where a is better; it must be a total order. */
export function topK<T>(k: number, compare: (a: T, b: T) => number): TopK<T> {
  const heap: T[] = [];

  function rise(start: number): void {
    const value = heap[start] as T;
    let i = start;
    while (i > 0) {
      const parent = (i - 1) >> 1;
      if (compare(heap[parent] as T, value) >= 0) break;
      heap[i] = heap[parent] as T;
      i = parent;
    }
    heap[i] = value;
  }

  function sink(): void {
    const value = heap[0] as T;
    let i = 0;
    for (;;) {
      let child = 2 * i + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && compare(heap[child + 1] as T, heap[child] as T) > 0) child++;
      if (compare(value, heap[child] as T) >= 0) break;
      heap[i] = heap[child] as T;
      i = child;
    }
    heap[i] = value;
  }

  return {
    offer(value) {
      if (heap.length < k) {
        heap.push(value);
        rise(heap.length - 1);
      } else if (compare(value, heap[0] as T) < 0) {
        heap[0] = value;
        sink();
      }
    },
    threshold: () => (heap.length < k ? undefined : heap[0]),
    sorted: () => [...heap].sort(compare),
  };
}
