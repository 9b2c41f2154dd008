import type { Table } from '@lancedb/lancedb';
import { dotProducts } from '@uniecs/mbeer';
import { compareHits } from './compare-hits.js';
import type { IndexRecord, SearchHit } from './search-index.js';
import { topK } from './top-k.js';

/** Candidates fetched beyond k, so that the k-th place is mostly settled by the first query. */
const spareCandidates = 16;

/** A row as LanceDB gives it: metadata as JSON. */
interface Row {
  readonly id: string;
  readonly title: string | null;
  readonly image: string | null;
  readonly metadata: string;
}

/** What is searched for in a table. */
export interface LanceQuery {
  /** Unit vector, `[D]`. */
  readonly vector: Float32Array;
  readonly k: number;
  /** A filter in SQL. */
  readonly filter?: string;
}

/**
 * The k best rows of a table by a flat scan, exact.
 *
 * LanceDB computes `_distance`, 1 - score, in float32, and gives equal ones in no order. So its candidates are scored again from their
 * vectors as the exact store does it, and more of them are fetched until no other row can belong to the k best.
 */
export async function lanceSearch(table: Table, { vector, k, filter }: LanceQuery): Promise<SearchHit[]> {
  const dimension = vector.length;
  const query = { rows: 1, columns: dimension, data: vector };
  // Bounds the rounding of a float32 sum of D products of unit vectors, in any order, and of `1 - sum`.
  const tolerance = (dimension + 4) * 2 ** -23;
  const rows = await table.countRows();
  for (let limit = Math.min(k + spareCandidates, rows); limit > 0; limit = Math.min(4 * limit, rows)) {
    const best = topK<Row & { readonly score: number }>(k, compareHits);
    let candidates = 0;
    let farthest = Number.NEGATIVE_INFINITY;
    const nearest = table.vectorSearch(vector).column('vector').distanceType('dot').limit(limit);
    if (filter !== undefined) nearest.where(filter);
    for await (const batch of nearest.select(['id', 'title', 'image', 'metadata', 'vector', '_distance'])) {
      for (const row of batch) {
        const data: Float32Array = row.vector.toArray();
        const score = dotProducts(query, { rows: 1, columns: dimension, data })[0] as number;
        best.offer({ id: row.id, title: row.title, image: row.image, metadata: row.metadata, score });
        farthest = Math.max(farthest, row._distance);
      }
      candidates += batch.numRows;
    }
    const last = best.threshold();
    const settled = last !== undefined && 1 - farthest + tolerance < last.score;
    if (settled || candidates < limit || limit === rows) {
      return best.sorted().map(({ score, ...row }) => ({ ...recordBody(row), score }));
    }
  }
  return [];
}

/** A row's record without its vector. */
export function recordBody({ id, title, image, metadata }: Row): Omit<IndexRecord, 'vector'> {
  return {
    id,
    ...(title === null ? {} : { title }),
    ...(image === null ? {} : { image }),
    metadata: Object.freeze(JSON.parse(metadata)),
  };
}
