import { UniecsError } from '@uniecs/tensor';
import { fieldOf } from '../draw-products.js';
import type { Embeddings } from '../embeddings.js';
import { checkItemVectors, type ItemVectors } from '../item-vectors.js';
import { checkFuse, type PairEmbeddingsOptions } from '../pair-embeddings.js';
import type { Modality } from '../tasks.js';
import { fuseRows, rowsFor } from '../vector-rows.js';
import { viewOf } from '../view-rows.js';
import { type Benchmark, type BenchmarkItem, benchmarkWithout } from './benchmark.js';

/** A benchmark with the embeddings of its items, for `evaluateBenchmark`. */
export interface BenchmarkEmbeddings {
  /** With the tasks whose views are there, and the items that they read. */
  readonly benchmark: Benchmark;
  /** Of its items. */
  readonly embeddings: Embeddings;
  /** Names of the other tasks. */
  readonly notCounted: readonly string[];
}

const where = 'benchmarkEmbeddings';
const views = ['fused', 'image', 'text'] as const;

/**
 * The embeddings of a benchmark's items out of vectors by id, as they come from a model elsewhere. Of each item only the views that its
 * tasks read have to be there; with `fuse` those of image and text that make them. An item that shows another one's picture (`imageOf`)
 * takes that one's image vector where it has none of its own.
 *
 * @throws UniecsError as `pairEmbeddings`; `data` where the vectors have the views of no task
 */
export function benchmarkEmbeddings(
  whole: Benchmark,
  vectors: ItemVectors,
  { fuse, normalize = false }: PairEmbeddingsOptions = {},
): BenchmarkEmbeddings {
  checkItemVectors(vectors, where);
  if (fuse !== undefined) checkFuse(vectors, fuse, where);
  const there = (view: Modality) => vectors[view] !== undefined || (view === 'fused' && fuse !== undefined);
  const tasks = whole.tasks.filter(({ query, candidate }) => there(query) && there(candidate));
  const notCounted = whole.tasks.filter((task) => !tasks.includes(task)).map(({ name }) => name);
  if (tasks.length === 0) {
    const [needed, given] = [notCounted.join(', '), views.filter(there).join(' and ')];
    const hint = 'embed queries and candidates in the views that the task reads, or fuse image and text';
    throw new UniecsError({ code: 'data', where, expected: `vectors for ${needed}`, got: `those of ${given}`, hint });
  }
  const benchmark = readItemsOnly({ ...whole, tasks });
  const { items } = benchmark;
  const rows = rowsFor(items, vectors.ids, where);
  const rowOf = new Map(vectors.ids.map((id, row) => [id, row]));
  const read = readBy(benchmark);
  const { dimension } = vectors;

  /** A view of some items, those of which `used` holds. */
  function gather(view: Modality, own: readonly BenchmarkItem[], used: readonly boolean[], places: readonly number[]) {
    const source = vectors[view];
    if (!source) return new Float32Array(own.length * dimension);
    const ofOwn = Int32Array.from(places, (place) => rows[place] as number);
    const elsewhere = Int32Array.from(own, ({ imageOf }) =>
      view === 'image' && imageOf !== undefined ? (rowOf.get(imageOf) ?? -1) : -1,
    );
    return viewOf(own, vectors, { view, source, rows: ofOwn, elsewhere, used, normalize }, where);
  }

  /** The sum of image and text of the items of which the fused view is read. */
  function fused(): Float32Array {
    const places = [...items.keys()].filter((place) => read.fused[place]);
    const own = places.map((place) => items[place] as BenchmarkItem);
    const side = (view: 'image' | 'text') => {
      const has = own.map((item) => item[fieldOf[view]] !== undefined);
      return { has: has.map(Number), matrix: gather(view, own, has, places) };
    };
    const [image, text] = [side('image'), side('text')];
    const ofOwn = Int32Array.from(places, (place) => rows[place] as number);
    const sum = fuseRows(
      own,
      { image: image.matrix, text: text.matrix, hasImage: image.has, hasText: text.has, dimension, rows: ofOwn },
      where,
    );
    const out = new Float32Array(items.length * dimension);
    places.forEach((place, i) => {
      out.set(sum.subarray(i * dimension, (i + 1) * dimension), place * dimension);
    });
    return out;
  }

  const all = [...items.keys()];
  const has = (view: 'image' | 'text') => Uint8Array.from(items, (item) => Number(item[fieldOf[view]] !== undefined));
  const embeddings = {
    ...{ count: items.length, dimension, hasImage: has('image'), hasText: has('text') },
    image: gather('image', items, read.image, all),
    text: gather('text', items, read.text, all),
    fused: fuse === undefined ? gather('fused', items, read.fused, all) : fused(),
  };
  return { benchmark, embeddings, notCounted };
}

/** Of which items the tasks read which view. */
function readBy({ items, tasks }: Benchmark): Record<Modality, boolean[]> {
  const none = () => items.map(() => false);
  const read = { fused: none(), image: none(), text: none() };
  for (const { query, candidate, queries, candidates } of tasks) {
    for (const place of queries) read[query][place] = true;
    for (const place of candidates) read[candidate][place] = true;
  }
  return read;
}

/** The benchmark without items that no task reads. */
function readItemsOnly(benchmark: Benchmark): Benchmark {
  const read = readBy(benchmark);
  const unread = benchmark.items.filter((_, place) => views.every((view) => !read[view][place]));
  return unread.length === 0 ? benchmark : benchmarkWithout(benchmark, new Set(unread.map(({ id }) => id)));
}
