import { dotProducts } from '@uniecs/mbeer';
import { compareHits } from './compare-hits.js';
import { type ExactContent, type RecordBody, writeExactFile } from './exact-file.js';
import { addFieldType, newFieldTypes, type ValueType } from './field-types.js';
import type { IndexStore } from './index-store.js';
import type { IndexRecord, SearchHit } from './search-index.js';
import { topK } from './top-k.js';
import { evaluateWhere } from './where-evaluate.js';

/** Rows scored at a time: their scores are all that a search needs beside the k best. */
const blockRows = 1024;

/** Where an exact index is kept and how far its file is. */
export interface ExactStoreOptions {
  /** The file; without one the index lives in memory alone. */
  readonly path?: string;
  /** Whether the file lacks what `content` holds. */
  readonly unsaved?: boolean;
}

/** Brute force over vectors in memory: every score is computed, each in float64 and rounded once. Flushing writes the whole file. */
export function exactStore(content: ExactContent, { path, unsaved = false }: ExactStoreOptions = {}): IndexStore {
  const { dimension, model } = content;
  const bodies: RecordBody[] = [...content.bodies];
  const rows = new Map(bodies.map(({ id }, row) => [id, row]));
  const fields = new Map<string, Set<ValueType>>([...content.fields].map(([field, types]) => [field, new Set(types)]));
  let vectors = content.vectors;
  let dirty = unsaved;

  function reserve(count: number): void {
    if (count * dimension <= vectors.length) return;
    const grown = new Float32Array(Math.max(count, Math.ceil(bodies.length * 1.5)) * dimension);
    grown.set(vectors);
    vectors = grown;
  }

  async function write(records: readonly IndexRecord[]): Promise<void> {
    reserve(bodies.length + records.length);
    for (const [field, types] of newFieldTypes(fields, records)) {
      for (const type of types) addFieldType(fields, field, type);
    }
    for (const { vector, ...body } of records) {
      const row = rows.get(body.id) ?? bodies.length;
      bodies[row] = body;
      rows.set(body.id, row);
      vectors.set(vector, row * dimension);
    }
    dirty = true;
  }

  /** The last row moves into the gap. */
  async function remove(ids: readonly string[]): Promise<number> {
    let removed = 0;
    for (const id of ids) {
      const row = rows.get(id);
      if (row === undefined) continue;
      const last = bodies.pop() as RecordBody;
      rows.delete(id);
      if (last.id !== id) {
        bodies[row] = last;
        rows.set(last.id, row);
        vectors.copyWithin(row * dimension, bodies.length * dimension, (bodies.length + 1) * dimension);
      }
      removed++;
    }
    if (removed > 0) dirty = true;
    return removed;
  }

  async function get(id: string): Promise<IndexRecord | undefined> {
    const row = rows.get(id);
    if (row === undefined) return undefined;
    return { ...(bodies[row] as RecordBody), vector: vectors.slice(row * dimension, (row + 1) * dimension) };
  }

  const nearest: IndexStore['nearest'] = async ({ vector, k, condition }) => {
    const best = topK<SearchHit>(k, compareHits);
    const query = { rows: 1, columns: dimension, data: vector };
    for (let start = 0; start < bodies.length; start += blockRows) {
      const count = Math.min(blockRows, bodies.length - start);
      const data = vectors.subarray(start * dimension, (start + count) * dimension);
      const scores = dotProducts(query, { rows: count, columns: dimension, data });
      for (let i = 0; i < count; i++) {
        const score = scores[i] as number;
        if (score < (best.threshold()?.score ?? Number.NEGATIVE_INFINITY)) continue;
        const body = bodies[start + i] as RecordBody;
        if (condition === undefined || evaluateWhere(condition, (name) => fieldValue(body, name)) === true) {
          best.offer({ ...body, score });
        }
      }
    }
    return best.sorted();
  };

  async function flush(): Promise<void> {
    if (!dirty || path === undefined) return;
    await writeExactFile(path, { dimension, model, fields, bodies, vectors });
    dirty = false;
  }

  return {
    name: 'exact',
    dimension,
    model,
    fields,
    write,
    remove,
    get,
    nearest,
    count: async () => bodies.length,
    flush,
    close: async () => undefined,
  };
}

function fieldValue(body: RecordBody, name: string): RecordBody['metadata'][string] | undefined {
  if (name === 'id' || name === 'title' || name === 'image') return body[name];
  return Object.hasOwn(body.metadata, name) ? body.metadata[name] : undefined;
}
