import type { HostPairs } from './pair-batches.js';

/** What a queue takes batches from. */
export interface BatchSource<Batch> {
  /** Images in the largest batch. */
  readonly rows: number;
  /** The batch of a step, from 0; `pixels` is memory for `rows` images. */
  batch(step: number, pixels?: Uint8Array): Promise<Batch>;
}

/** How far a queue is ahead. */
export interface BatchQueueOptions {
  /** Steps of the run: none after them is begun. */
  readonly end: number;
  /** Most batches made or being made ahead of the one that was handed out; default 2. */
  readonly depth?: number;
  /** Most bytes of pixels of those; default 256 MiB. One batch is made ahead however large. */
  readonly maxBytes?: number;
}

/** Batches in the order of the steps, made before they are asked for. */
export interface BatchQueue<Batch = HostPairs> {
  /**
   * The batch of a step, while those of the next steps are begun. Its pixels hold until the next call. A step that does not follow the
   * one before begins anew from there.
   *
   * @throws whatever making the batch throws, at its step; asked for again, it is made anew
   */
  next(step: number): Promise<Batch>;
  /** Batches made or being made, the one handed out not counted. */
  readonly ahead: number;
}

/**
 * Makes batches ahead. What a batch holds is a matter of its step alone, not of the queue; the memory of its pixels is used again.
 *
 * @param pixels makes memory for the pixels of so many images (`ImageSource.pixels`)
 */
export function batchQueue<Batch>(
  batches: BatchSource<Batch>,
  pixels: (images: number) => Uint8Array,
  { end, depth = 2, maxBytes = 256 * 2 ** 20 }: BatchQueueOptions,
): BatchQueue<Batch> {
  interface Begun {
    readonly batch: Promise<Batch>;
    readonly memory: Uint8Array;
  }
  const ahead = new Map<number, Begun>();
  const free: Uint8Array[] = [];
  let handedOut: Uint8Array | undefined;

  function begin(step: number): Begun {
    const known = ahead.get(step);
    if (known) return known;
    const memory = free.pop() ?? pixels(batches.rows);
    const begun = { batch: batches.batch(step, memory), memory };
    // Said when the batch is asked for.
    begun.batch.catch(() => {});
    ahead.set(step, begun);
    return begun;
  }

  async function next(step: number): Promise<Batch> {
    if (handedOut) free.push(handedOut);
    handedOut = undefined;
    const now = begin(step);
    ahead.delete(step);
    const most = Math.max(1, Math.min(depth, Math.floor(maxBytes / now.memory.length)));
    // The memory of a batch that nobody wants may still be written to: it is not used again.
    for (const other of ahead.keys()) if (other < step || other > step + most) ahead.delete(other);
    for (let later = step + 1; later <= Math.min(step + most, end - 1); later++) begin(later);
    const batch = await now.batch;
    handedOut = now.memory;
    return batch;
  }

  return {
    next,
    get ahead() {
      return ahead.size;
    },
  };
}
