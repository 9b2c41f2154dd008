import type { ItemVectors } from './item-vectors.js';
import type { Item } from './items.js';
import type { Modality } from './tasks.js';
import { type Fault, throwFaults, unitRows } from './vector-rows.js';

/** Which vectors of a view are wanted. */
export interface WantedRows {
  readonly view: Modality;
  /** The view's matrix among the vectors. */
  readonly source: Float32Array;
  /** The row of each item among the vectors. */
  readonly rows: Int32Array;
  /** Another row of each item for where its own has no vector of the view; -1 where there is none. */
  readonly elsewhere?: Int32Array;
  /** Of which items the view is read. */
  readonly used: readonly boolean[];
  /** Brings the vectors to norm 1; without it another norm is an error. */
  readonly normalize: boolean;
}

/**
 * A view's vectors of the items of which it is read, `[items, D]`, checked; zeros for the others.
 *
 * @throws UniecsError `data` for an item without a vector, or one that is not finite or (unless `normalize`) not of norm 1
 */
export function viewOf(
  items: readonly Item[],
  vectors: ItemVectors,
  { view, source, rows, elsewhere, used, normalize }: WantedRows,
  where: string,
): Float32Array {
  const { dimension } = vectors;
  const present = { image: vectors.hasImage, text: vectors.hasText, fused: undefined }[view];
  const has = (row: number) => !present || Number(present[row]) > 0;
  const out = new Float32Array(items.length * dimension);
  const absent: Fault[] = [];
  items.forEach((item, i) => {
    if (!used[i]) return;
    const other = elsewhere?.[i] ?? -1;
    const own = rows[i] as number;
    const row = !has(own) && other >= 0 ? other : own;
    if (has(row)) out.set(source.subarray(row * dimension, (row + 1) * dimension), i * dimension);
    else absent.push({ id: item.id, row });
  });
  const expected = `a vector of ${view} of every item that needs one`;
  const hint = 'embed it as well, or judge on items that lack it too';
  throwFaults(absent, { expected, got: 'without', hint }, where);
  unitRows(out, dimension, { view, items, rows, used, normalize }, where);
  return out;
}
