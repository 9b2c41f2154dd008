import { type Item, type Matrix, modalityGap, type Pair, tsne } from '@uniecs/mbeer';
import { seededRandom, UniecsError } from '@uniecs/tensor';
import type { ConfigOf } from '../training/assemble-run.js';
import { configOfSettings } from '../training/train.js';
import { figure5Page } from './figure5-page.js';
import { keptResult } from './kept-result.js';
import { comparedMethods } from './methods.js';
import { readyModels } from './model-folders.js';
import { modelsData, modelsManifest, splitWarnings } from './models-manifest.js';
import { withModelFolder } from './open-model.js';
import type { ReproduceOptions } from './reproduce-options.js';
import type { Reproduced } from './reproduced.js';
import { checkReproductionFolder, writeReproduction } from './reproduction-folder.js';
import type { ReproductionManifest, UsedModel } from './reproduction-manifest.js';

/** The three embeddings of an item, in the order of the picture's points. */
export const modalities = ['image', 'text', 'fused'] as const;

/** The embeddings of a model in the plane. */
export interface EmbeddingMap {
  /** x and y of each item, by modality, to a thousandth. */
  readonly places: Readonly<Record<(typeof modalities)[number], readonly number[]>>;
  /** Distances of the modalities' centroids in the space of the embeddings, from 0 to 2: `modalityGap`. */
  readonly gaps: { readonly imageText: number; readonly imageFused: number; readonly textFused: number };
}

/** The content of `figure5.json`. */
export interface Figure5Report {
  readonly version: 1;
  readonly what: 'figure5';
  /** Ids of the items, in the order of the places. */
  readonly items: readonly string[];
  readonly models: readonly (Pick<UsedModel, 'name' | 'arm' | 'seed' | 'folder'> & EmbeddingMap)[];
  readonly warnings: readonly string[];
  readonly manifest: ReproductionManifest;
}

/** What Figure 5 is made with. */
export interface Figure5Options extends ReproduceOptions {
  /** Items that are drawn, of those that have an image and a title; default 1,000, or all where there are fewer. */
  readonly items?: number;
  /** Of t-SNE, at most a third of the items; default 30. */
  readonly perplexity?: number;
  /** Of t-SNE; default 1,000. */
  readonly iterations?: number;
  /** Of the choice of items and of t-SNE's start. Default 7. */
  readonly drawSeed?: number;
}

/** Fewer make no picture. */
const fewest = 5;

/**
 * Figure 5: v, t and f of 1,000 items in one plane by t-SNE, three models side by side, each with the gaps between its modalities' centroids.
 *
 * @throws UniecsError as `readyModels` and `tsne`, `data` where fewer than five items have an image and a title
 */
export function reproduceFigure5(options: Figure5Options): Promise<Reproduced<Figure5Report>> {
  return reproduceFigure5With(options, configOfSettings);
}

/** `reproduceFigure5` for models of any configuration. */
export async function reproduceFigure5With(
  options: Figure5Options,
  configOf: ConfigOf,
): Promise<Reproduced<Figure5Report>> {
  const { out, evaluation, items: count = 1000, iterations = 1000, drawSeed = 7 } = options;
  await checkReproductionFolder(out);
  const items = drawItems(evaluation, count, drawSeed);
  const perplexity = Math.min(options.perplexity ?? 30, Math.floor(items.length / 3));
  const layout = { perplexity, iterations, drawSeed };
  const ready = await readyModels(options, comparedMethods, configOf, 1);
  const data = await modelsData(ready, options);
  const models: Figure5Report['models'][number][] = [];
  for (const { name, arm, seed, folder, path, weights } of ready.models) {
    const key = { weights, data: data.evaluation, items: items.map(({ id }) => id), ...layout };
    const map = await keptResult(out, `figure5 ${name}`, key, () => embeddingMap(name, path, items, layout, options));
    models.push({
      name,
      ...(arm === undefined ? {} : { arm }),
      ...(seed === undefined ? {} : { seed }),
      folder,
      ...map,
    });
  }
  const report: Figure5Report = {
    version: 1,
    what: 'figure5',
    items: items.map(({ id }) => id),
    models,
    warnings: splitWarnings(options),
    manifest: modelsManifest(ready, options, data, { items: items.length, ...layout }),
  };
  const files = await writeReproduction(out, 'figure5', report, figure5Page(report));
  return { report, files, ...(ready.trained ? { training: ready.trained.outcome } : {}) };
}

function embeddingMap(
  name: string,
  folder: string,
  items: readonly Item[],
  { perplexity, iterations, drawSeed }: { perplexity: number; iterations: number; drawSeed: number },
  options: Figure5Options,
): Promise<EmbeddingMap> {
  const { signal, onMeasure } = options;
  const progress = (what: string) => (done: number, total: number) => onMeasure?.({ name, what, done, total });
  return withModelFolder(folder, options, async (embedder) => {
    const embedded = await embedder.embed(items, { signal, onProgress: progress('items') });
    const matrix = (view: (typeof modalities)[number]): Matrix => ({
      ...{ rows: items.length, columns: embedder.dimension, data: embedded[view] },
    });
    const points = new Float32Array(modalities.flatMap((view) => [...embedded[view]]));
    const all = { rows: modalities.length * items.length, columns: embedder.dimension, data: points };
    const onProgress = progress('t-SNE steps');
    const places = await tsne(all, { perplexity, iterations, seed: drawSeed, signal, onProgress });
    const part = (i: number) =>
      Array.from(places.subarray(2 * i * items.length, 2 * (i + 1) * items.length), (x) => Math.round(x * 1000) / 1000);
    const gap = (a: (typeof modalities)[number], b: (typeof modalities)[number]) => modalityGap(matrix(a), matrix(b));
    return {
      places: { image: part(0), text: part(1), fused: part(2) },
      gaps: { imageText: gap('image', 'text'), imageFused: gap('image', 'fused'), textFused: gap('text', 'fused') },
    };
  });
}

/** Products of the pairs that have an image and a title, each once, drawn at random. */
function drawItems(pairs: readonly Pair[], count: number, seed: number): Item[] {
  const whole = new Map<string, Item>();
  for (const item of pairs.flatMap(({ item1, item2 }) => [item1, item2])) {
    if (item.image !== undefined && item.title !== undefined && !whole.has(item.id)) whole.set(item.id, item);
  }
  const all = [...whole.values()];
  if (all.length < fewest) {
    throw new UniecsError({
      code: 'data',
      where: 'reproduce',
      expected: `at least ${fewest} items with an image and a title`,
      got: `${all.length}`,
      hint: 'judge on more pairs',
    });
  }
  const order = seededRandom(seed).fork('figure5').permutation(all.length);
  return [...order.slice(0, count)].map((place) => all[place] as Item);
}
