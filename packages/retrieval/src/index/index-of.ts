import { UniecsError } from '@uniecs/tensor';
import { type FieldTypes, recordFields } from './field-types.js';
import { type IndexStore, writeBatchSize } from './index-store.js';
import type { IndexRecord, SearchHit, SearchIndex, SearchQuery } from './search-index.js';
import { serially } from './serially.js';
import { storedRecords } from './stored-record.js';
import { unitVector } from './unit-vector.js';
import { checkWhere } from './where-check.js';
import { parseWhere } from './where-parser.js';

/**
 * The index over a store: checks arguments, collects small writes into batches (at most `writeBatchSize` records wait in memory),
 * runs writes one at a time and reads after the writes that came before them.
 */
export function indexOf(store: IndexStore): SearchIndex {
  const { dimension } = store;
  const inOrder = serially();
  const waiting = new Map<string, IndexRecord>();
  const reads = new Set<Promise<unknown>>();
  let closing: Promise<void> | undefined;

  function requireOpen(where: string): void {
    if (closing === undefined) return;
    throw new UniecsError({
      code: 'argument',
      where,
      expected: 'an open index',
      got: 'one that was closed',
      hint: 'open it again with openIndex',
    });
  }

  async function writeWaiting(): Promise<void> {
    if (waiting.size === 0) return;
    await store.write([...waiting.values()]);
    waiting.clear();
  }

  async function read<T>(where: string, body: () => Promise<T>): Promise<T> {
    requireOpen(where);
    const reading = inOrder(writeWaiting).then(body);
    reads.add(reading);
    try {
      return await reading;
    } finally {
      reads.delete(reading);
    }
  }

  async function add(records: readonly IndexRecord[]): Promise<void> {
    requireOpen('index.add');
    const stored = storedRecords(records, dimension);
    await inOrder(async () => {
      for (const record of stored) {
        waiting.set(record.id, record);
        if (waiting.size >= writeBatchSize) await writeWaiting();
      }
    });
  }

  async function remove(ids: readonly string[]): Promise<number> {
    requireOpen('index.remove');
    const different = [...new Set(ids)];
    return inOrder(async () => {
      await writeWaiting();
      let removed = 0;
      for (let start = 0; start < different.length; start += writeBatchSize) {
        removed += await store.remove(different.slice(start, start + writeBatchSize));
      }
      return removed;
    });
  }

  async function search({ vector, k, where }: SearchQuery): Promise<SearchHit[]> {
    requireOpen('index.search');
    if (!Number.isSafeInteger(k) || k < 1) {
      throw new UniecsError({
        code: 'argument',
        where: 'index.search',
        expected: 'a whole number from 1 as k',
        got: String(k),
        hint: 'a k larger than the index gives all of it',
      });
    }
    const unit = unitVector(vector, dimension, 'index.search', 'the query');
    const condition = where === undefined ? undefined : parseWhere(where);
    return read('index.search', () => {
      if (condition === undefined || where === undefined) return store.nearest({ vector: unit, k });
      checkWhere(where, condition, filterFields(store.fields));
      return store.nearest({ vector: unit, k, condition });
    });
  }

  async function flush(): Promise<void> {
    requireOpen('index.flush');
    await inOrder(async () => {
      await writeWaiting();
      await store.flush();
    });
  }

  async function finish(): Promise<void> {
    await Promise.allSettled(reads);
    await inOrder(async () => {
      await writeWaiting();
      await store.flush();
      await store.close();
    });
  }

  function close(): Promise<void> {
    closing ??= finish().catch((error: unknown) => {
      closing = undefined;
      throw error;
    });
    return closing;
  }

  return {
    store: store.name,
    dimension,
    model: store.model,
    add,
    remove,
    get: (id) => read('index.get', () => store.get(id)),
    search,
    count: () => read('index.count', () => store.count()),
    flush,
    close,
  };
}

/** The fields that a filter may name. */
function filterFields(metadata: FieldTypes): FieldTypes {
  return new Map([...recordFields.map((field) => [field, new Set(['text' as const])] as const), ...metadata]);
}
