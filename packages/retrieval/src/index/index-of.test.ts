import { describe, expect, it } from 'vitest';
import { indexOf } from './index-of.js';
import { type IndexStore, writeBatchSize } from './index-store.js';
import type { IndexRecord } from './search-index.js';
import { failure } from './testing/failure.js';

/** A store that notes its calls and fails where it is told to. */
function notedStore() {
  const calls: string[] = [];
  const failing = new Set<string>();
  let busy = false;
  async function note<T>(name: string, detail: string, result: T): Promise<T> {
    if (busy && name !== 'nearest') throw new Error('two writes at once');
    busy = name !== 'nearest';
    await new Promise((resolve) => setImmediate(resolve));
    busy = false;
    calls.push(`${name} ${detail}`.trim());
    if (failing.has(name)) throw new Error(`${name} fails`);
    return result;
  }
  const store: IndexStore = {
    name: 'noted',
    dimension: 1,
    model: '',
    fields: new Map(),
    write: (records) => note('write', String(records.length), undefined),
    remove: (ids) => note('remove', String(ids.length), ids.length),
    get: () => note('get', '', undefined),
    nearest: () => note('nearest', '', []),
    count: () => note('count', '', 0),
    flush: () => note('flush', '', undefined),
    close: () => note('close', '', undefined),
  };
  return { store, calls, failing };
}

const vector = Float32Array.of(1);
const some = (count: number, from = 0) =>
  Array.from({ length: count }, (_, i): IndexRecord => ({ id: `${from + i}`, vector, metadata: {} }));

describe('indexOf', () => {
  it('writes in batches, and the rest before the next read', async () => {
    const { store, calls } = notedStore();
    const index = indexOf(store);
    for (let i = 0; i < 30; i++) await index.add(some(100, i * 100));
    await index.add(some(10, 5));
    expect(calls).toEqual(['write 1000', 'write 1000', 'write 1000']);
    await index.search({ vector, k: 1 });
    await index.search({ vector, k: 1 });
    await index.add(some(2 * writeBatchSize + 1));
    await index.remove(some(2500).map(({ id }) => id));
    await index.close();
    expect(calls.slice(3)).toEqual([
      'write 10',
      'nearest',
      'nearest',
      'write 1000',
      'write 1000',
      'write 1',
      'remove 1000',
      'remove 1000',
      'remove 500',
      'flush',
      'close',
    ]);
  });

  it('runs overlapping calls one after the other', async () => {
    const { store, calls } = notedStore();
    const index = indexOf(store);
    await Promise.all([index.add(some(3)), index.flush(), index.remove(['0']), index.add(some(1)), index.close()]);
    expect(calls).toEqual(['write 3', 'flush', 'remove 1', 'write 1', 'flush', 'close']);
  });

  it('closes after the searches that are running', async () => {
    const { store, calls } = notedStore();
    let answer: (hits: []) => void = () => undefined;
    const index = indexOf({ ...store, nearest: () => new Promise((resolve) => (answer = resolve)) });
    const search = index.search({ vector, k: 1 });
    const closing = index.close();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(calls).toEqual([]);
    answer([]);
    await Promise.all([search, closing]);
    expect(calls).toEqual(['flush', 'close']);
  });

  it('keeps what could not be written, and stays open, so that nothing is lost', async () => {
    const { store, calls, failing } = notedStore();
    const index = indexOf(store);
    await index.add(some(5));
    failing.add('write');
    await expect(index.search({ vector, k: 1 })).rejects.toThrow('write fails');
    await expect(index.close()).rejects.toThrow('write fails');
    failing.clear();
    await index.add(some(1, 5));
    failing.add('flush');
    await expect(index.close()).rejects.toThrow('flush fails');
    failing.clear();
    await index.close();
    expect(calls).toEqual(['write 5', 'write 5', 'write 6', 'flush', 'flush', 'close']);
    expect(await failure(index.add([]))).toMatchObject({ code: 'argument' });
  });
});
