import { describe, expect, it } from 'vitest';
import { smallBatch } from '../testing/small-training.js';
import { type BatchQueueOptions, batchQueue } from './batch-queue.js';
import type { HostPairs } from './pair-batches.js';

const { items, labels } = smallBatch({ pairs: 2 });

/** Batches that write their step into their pixels and are done when told so, and what is known of them. */
function slowBatches() {
  const begun: number[] = [];
  const waiting = new Map<number, { finish(): void; fail(error: Error): void }>();
  const batch = (step: number, memory = new Uint8Array(8)): Promise<HostPairs> => {
    begun.push(step);
    return new Promise((resolve, reject) => {
      const made: HostPairs = {
        items: { ...items, pixels: { ...items.pixels, data: memory } },
        labels,
        itemIds: [],
        count: step,
      };
      waiting.set(step, {
        finish: () => {
          memory.fill(step);
          resolve(made);
        },
        fail: reject,
      });
    });
  };
  const finish = (step: number) => {
    waiting.get(step)?.finish();
    waiting.delete(step);
  };
  return { begun, finish, fail: (step: number, error: Error) => waiting.get(step)?.fail(error), batch, rows: 2 };
}

function queueOf(options: Partial<BatchQueueOptions> = {}) {
  const batches = slowBatches();
  const memories: Uint8Array[] = [];
  const pixels = (images: number) => {
    memories.push(new Uint8Array(images * 4));
    return memories.at(-1) as Uint8Array;
  };
  return { ...batches, memories, queue: batchQueue(batches, pixels, { end: 10, ...options }) };
}

describe('batchQueue', () => {
  it('gives the batches in order, never more than its depth ahead, through depth + 1 pieces of memory', async () => {
    for (const depth of [1, 2, 3]) {
      const { begun, finish, memories, queue } = queueOf({ depth });
      for (let step = 0; step < 10; step++) {
        const asked = queue.next(step);
        expect(queue.ahead).toBe(Math.min(depth, 9 - step));
        expect(begun).toEqual(Array.from({ length: Math.min(step + depth + 1, 10) }, (_, i) => i));
        // Later ones may be done first.
        for (const each of [...begun].reverse()) finish(each);
        const { count, items } = await asked;
        expect(count).toBe(step);
        expect([...items.pixels.data]).toEqual(Array(8).fill(step));
      }
      expect(memories).toHaveLength(depth + 1);
    }
  });

  it('stays below its bytes, with one batch ahead at least', () => {
    for (const [maxBytes, ahead] of [
      [1, 1],
      [8, 1],
      [16, 2],
      [1000, 5],
    ] as const) {
      const { queue } = queueOf({ depth: 5, maxBytes });
      void queue.next(0);
      expect(queue.ahead).toBe(ahead);
    }
  });

  it('does not touch the batch that it handed out until the next is asked for', async () => {
    const { finish, queue } = queueOf();
    const asked = queue.next(0);
    finish(0);
    const { items } = await asked;
    for (const later of [1, 2]) finish(later);
    expect([...items.pixels.data]).toEqual(Array(8).fill(0));
  });

  it('says an error at its step and not before, and makes that batch anew when asked again', async () => {
    const { begun, finish, fail, queue } = queueOf();
    const first = queue.next(0);
    fail(1, new Error('no picture'));
    finish(0);
    await first;
    await expect(queue.next(1)).rejects.toThrow('no picture');
    const again = queue.next(1);
    finish(1);
    expect((await again).count).toBe(1);
    expect(begun).toEqual([0, 1, 2, 3, 1]);
  });

  it('begins anew at a step out of turn, without writing to memory that may still be written to', async () => {
    const { finish, memories, queue } = queueOf();
    void queue.next(0);
    const jump = queue.next(7);
    finish(7);
    const { items } = await jump;
    for (const late of [0, 1, 2]) finish(late);
    expect([...items.pixels.data]).toEqual(Array(8).fill(7));
    expect(memories).toHaveLength(6);
    expect(queue.ahead).toBe(2);
  });
});
