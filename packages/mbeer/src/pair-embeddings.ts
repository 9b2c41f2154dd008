import { UniecsError } from '@uniecs/tensor';
import { fieldOf } from './draw-products.js';
import type { Embeddings } from './embeddings.js';
import { checkItemVectors, type ItemVectors } from './item-vectors.js';
import type { Pair } from './items.js';
import { type Modality, tasks as nineTasks, type Task } from './tasks.js';
import { fuseRows, rowsFor } from './vector-rows.js';
import { viewOf } from './view-rows.js';

/** How vectors of another model become the embeddings of pairs. Nothing of it happens unless it is asked for. */
export interface PairEmbeddingsOptions {
  /**
   * `sum`: makes the fused view that the vectors lack, `f = (v + t) / |v + t|`, of an item with one modality that one alone: what the
   * paper's CLIP_SF and BLIP_SF do.
   */
  readonly fuse?: 'sum';
  /** Divides every vector by its L2 norm; without it a vector whose norm is not 1 is an error. Default false. */
  readonly normalize?: boolean;
}

/** Both sides of the pairs, for `evaluateTasks`, and which tasks they can be judged on. */
export interface PairEmbeddings {
  /** Of item 1 of each pair. */
  readonly query: Embeddings;
  /** Of item 2 of each pair. */
  readonly candidate: Embeddings;
  /** The tasks whose views are there. */
  readonly tasks: readonly Task[];
  /** The other ones of the nine. */
  readonly notCounted: readonly Task[];
}

const where = 'pairEmbeddings';
const views = ['fused', 'image', 'text'] as const;

/**
 * The embeddings of pairs out of vectors by product id, as they come from a model elsewhere. An item has the modalities that the pair
 * says, so every model is judged on the same queries: a vector that is missing for one of them is an error, and one for a modality that
 * the item does not have is not read.
 *
 * A view that is missing as a whole is no error: the tasks that need it are `notCounted`.
 *
 * @throws UniecsError `data` for products that are not among the ids, ids that repeat, a product without the vector of a modality that
 * it has, vectors that are not finite or (unless `normalize`) not of norm 1 within 0.001, each with how many and the first few; `shape`
 * for matrices that do not fit; `argument` where there is nothing to fuse, or a fused view already
 */
export function pairEmbeddings(
  pairs: readonly Pair[],
  vectors: ItemVectors,
  { fuse, normalize = false }: PairEmbeddingsOptions = {},
): PairEmbeddings {
  checkItemVectors(vectors, where);
  if (fuse !== undefined) checkFuse(vectors, fuse, where);
  const items = [...pairs.map(({ item1 }) => item1), ...pairs.map(({ item2 }) => item2)];
  const rows = rowsFor(items, vectors.ids, where);
  const matrices: Partial<Record<Modality, Float32Array>> = {};
  for (const view of views) {
    const source = vectors[view];
    if (!source) continue;
    const used = items.map((item) => view === 'fused' || item[fieldOf[view]] !== undefined);
    matrices[view] = viewOf(items, vectors, { view, source, rows, used, normalize }, where);
  }
  const has = (field: 'image' | 'title') => Uint8Array.from(items, (item) => Number(item[field] !== undefined));
  const presence = { hasImage: has('image'), hasText: has('title') };
  if (fuse === 'sum') {
    const { image, text } = matrices as Record<'image' | 'text', Float32Array>;
    matrices.fused = fuseRows(items, { image, text, dimension: vectors.dimension, rows, ...presence }, where);
  }
  const nothing = new Float32Array(items.length * vectors.dimension);
  const counted = (task: Task) => matrices[task.query] !== undefined && matrices[task.candidate] !== undefined;
  const half = (from: number): Embeddings => {
    const { dimension } = vectors;
    const cut = (matrix: Float32Array = nothing) =>
      matrix.subarray(from * dimension, (from + pairs.length) * dimension);
    return {
      count: pairs.length,
      dimension,
      fused: cut(matrices.fused),
      image: cut(matrices.image),
      text: cut(matrices.text),
      hasImage: presence.hasImage.subarray(from, from + pairs.length),
      hasText: presence.hasText.subarray(from, from + pairs.length),
    };
  };
  return {
    query: half(0),
    candidate: half(pairs.length),
    tasks: nineTasks.filter(counted),
    notCounted: nineTasks.filter((task) => !counted(task)),
  };
}

/**
 * Throws unless there are image and text vectors to fuse and no fused ones.
 *
 * @throws UniecsError `argument`
 */
export function checkFuse(vectors: ItemVectors, fuse: unknown, where: string): void {
  const fault = (expected: string, got: string, hint: string) =>
    new UniecsError({ code: 'argument', where, expected, got, hint });
  if (fuse !== 'sum') throw fault("fuse to be 'sum'", String(fuse), 'or leave it out');
  if (vectors.fused) throw fault('no fused vectors where they are to be made', 'some', 'leave fuse out');
  if (!vectors.image || !vectors.text) {
    const there = vectors.image ? 'image' : 'text';
    throw fault('image and text vectors to fuse', `those of ${there} alone`, 'give both, or leave fuse out');
  }
}
