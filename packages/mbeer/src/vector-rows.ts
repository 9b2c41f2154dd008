import { UniecsError } from '@uniecs/tensor';
import type { Item } from './items.js';
import type { Modality } from './tasks.js';

/** What is wrong with the vector of an item. */
export interface Fault {
  readonly id: string;
  /** Of the vectors as they were given. */
  readonly row: number;
  /** What it has instead. */
  readonly has?: string;
}

/** How far a norm may be from 1: what rounding to 16 bits leaves is well below, and what another scale makes well above. */
const tolerance = 1e-3;
/** How many of many are named. */
const named = 5;

/**
 * Throws UniecsError `data` where there are faults, with how many they are and the first few; `details.faults` has all. An item that
 * stands in several pairs counts once.
 */
export function throwFaults(
  faults: readonly Fault[],
  { expected, got, hint }: { readonly expected: string; readonly got: string; readonly hint: string },
  where: string,
): void {
  if (faults.length === 0) return;
  const distinct = [...new Map(faults.map((fault) => [fault.row, fault])).values()];
  const first = distinct
    .slice(0, named)
    .map(({ id, row, has }) => `'${id}' in row ${row}${has === undefined ? '' : ` has ${has}`}`);
  if (distinct.length > named) first.push('…');
  throw new UniecsError({
    code: 'data',
    where,
    expected,
    got: `${distinct.length} ${got} (${first.join(', ')})`,
    hint,
    details: { faults: distinct },
  });
}

/**
 * The row of each item among the ids.
 *
 * @throws UniecsError `data` for ids that repeat, or that are missing, with how many and the first few
 */
export function rowsFor(items: readonly Item[], ids: readonly string[], where: string): Int32Array {
  const rowOf = new Map<string, number>();
  const repeated = new Set<string>();
  ids.forEach((id, row) => {
    if (rowOf.has(id)) repeated.add(id);
    else rowOf.set(id, row);
  });
  const list = (all: ReadonlySet<string>) => {
    const first = [...all].slice(0, named).map((id) => `'${id}'`);
    return `${first.join(', ')}${all.size > named ? ', …' : ''}`;
  };
  const fault = (expected: string, got: string, hint: string, details: Readonly<Record<string, unknown>>) =>
    new UniecsError({ code: 'data', where, expected, got, hint, details });
  if (repeated.size > 0) {
    const got = `${repeated.size} of ${rowOf.size} that repeat (${list(repeated)})`;
    throw fault('each id once', got, 'keep one row for each item', { repeated: [...repeated] });
  }
  const missing = new Set(items.flatMap(({ id }) => (rowOf.has(id) ? [] : [id])));
  if (missing.size > 0) {
    const products = new Set(items.map(({ id }) => id)).size;
    throw fault(
      `vectors for all ${products} items that are judged`,
      `none for ${missing.size} (${list(missing)})`,
      'embed the same catalogue, and compare how the ids are written',
      { missing: [...missing] },
    );
  }
  return Int32Array.from(items, ({ id }) => rowOf.get(id) as number);
}

/**
 * Checks that the used rows of a matrix `[items, D]` are finite and of norm 1, or divides them by their norm.
 *
 * @throws UniecsError `data` with how many are not, and the first few
 */
export function unitRows(
  matrix: Float32Array,
  dimension: number,
  {
    view,
    items,
    rows,
    used,
    normalize,
  }: {
    readonly view: Modality;
    readonly items: readonly Item[];
    readonly rows: Int32Array;
    readonly used: readonly boolean[];
    readonly normalize: boolean;
  },
  where: string,
): void {
  const [unfinite, unnormal]: [Fault[], Fault[]] = [[], []];
  items.forEach(({ id }, i) => {
    if (!used[i]) return;
    const vector = matrix.subarray(i * dimension, (i + 1) * dimension);
    const at = { id, row: rows[i] as number };
    if (!vector.every(Number.isFinite)) {
      unfinite.push({ ...at, has: `${vector.find((value) => !Number.isFinite(value))}` });
      return;
    }
    const norm = normOf(vector);
    if (normalize && norm > 0) divide(vector, norm);
    else if (Math.abs(norm - 1) > tolerance) unnormal.push({ ...at, has: `norm ${Number(norm.toPrecision(4))}` });
  });
  const diverged = 'the model that made them has diverged, or the rows were never filled';
  throwFaults(unfinite, { expected: `finite vectors of ${view}`, got: 'that are not', hint: diverged }, where);
  const hint = normalize ? 'a vector of zeros has no direction' : 'normalise them, or ask for it to be done here';
  throwFaults(unnormal, { expected: `vectors of ${view} of norm 1`, got: 'that are not', hint }, where);
}

/**
 * The normalised sum of image and text, present ones only, `[items, D]`.
 *
 * @throws UniecsError `data` for an item whose image and text vectors cancel out
 */
export function fuseRows(
  items: readonly Item[],
  {
    image,
    text,
    hasImage,
    hasText,
    dimension,
    rows,
  }: {
    readonly image: Float32Array;
    readonly text: Float32Array;
    readonly hasImage: ArrayLike<number>;
    readonly hasText: ArrayLike<number>;
    readonly dimension: number;
    readonly rows: Int32Array;
  },
  where: string,
): Float32Array {
  const out = new Float32Array(items.length * dimension);
  const cancelled: Fault[] = [];
  items.forEach(({ id }, i) => {
    const vector = out.subarray(i * dimension, (i + 1) * dimension);
    for (let k = 0; k < dimension; k++) {
      const at = i * dimension + k;
      vector[k] = (hasImage[i] ? (image[at] as number) : 0) + (hasText[i] ? (text[at] as number) : 0);
    }
    const norm = normOf(vector);
    if (norm > tolerance) divide(vector, norm);
    else cancelled.push({ id, row: rows[i] as number });
  });
  const expected = 'image and text vectors that do not cancel out';
  throwFaults(cancelled, { expected, got: 'that do', hint: 'such an item has no fused vector' }, where);
  return out;
}

function normOf(vector: Float32Array): number {
  return Math.sqrt(vector.reduce((sum, value) => sum + value * value, 0));
}

function divide(vector: Float32Array, norm: number): void {
  for (let k = 0; k < vector.length; k++) vector[k] = (vector[k] as number) / norm;
}
