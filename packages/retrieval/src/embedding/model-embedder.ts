import { createHash } from 'node:crypto';
import type { Device } from '@uniecs/compile';
import { type ImageSource, imageSource } from '@uniecs/encoders/node';
import {
  type Embeddings,
  type Evaluation,
  type EvaluationReport,
  evaluationReport,
  type Item,
  type Pair,
} from '@uniecs/mbeer';
import { namedParameters } from '@uniecs/tensor';
import { canonicalJson } from '../files/canonical-json.js';
import type { LoadedModel } from '../files/model-folder.js';
import { imageForm } from '../model/image-form.js';
import { type Embedder, type EmbedOptions, embedder } from './embedder.js';
import { rankEmbeddings } from './rank-embeddings.js';

/** Decoded images that an embedder keeps: each is read once, so only those of the pass at work. */
const cachedImageBytes = 64 * 2 ** 20;

/** How a loaded model embeds. */
export interface ModelEmbedderOptions {
  /** Items per pass; default 64. */
  readonly batchSize?: number;
  /** Where the model runs; default `cpu`. */
  readonly device?: Device;
  /** Where images come from, which the caller disposes; default a source in this thread, without a store. */
  readonly images?: ImageSource;
}

/** An embedder of a loaded model. */
export function modelEmbedder(
  { model, tokenizer }: LoadedModel,
  { images, ...options }: ModelEmbedderOptions = {},
): Embedder {
  const { text } = model.config;
  const source = images ?? imageSource({ ...imageForm(model.config), memoryBytes: cachedImageBytes });
  const made = embedder({ model, loader: { tokenizer, images: source, maxLength: text.maxLength }, ...options });
  if (images) return made;
  return { ...made, dispose: async () => void (await Promise.all([made.dispose(), source.dispose()])) };
}

/** Embeds both sides of the pairs and runs the nine tasks; Recall@1, 5 and 10. */
export async function evaluatePairs(
  source: Pick<Embedder, 'embed'>,
  pairs: readonly Pair[],
  options: EmbedOptions = {},
): Promise<EvaluationReport> {
  return evaluationReport(await rankPairs(source, pairs, options));
}

/** `evaluatePairs` with the rank of every query's partner. */
export async function rankPairs(
  source: Pick<Embedder, 'embed'>,
  pairs: readonly Pair[],
  options: EmbedOptions = {},
): Promise<Evaluation> {
  const { signal } = options;
  return rankEmbeddings({ ...(await embedPairs(source, pairs, options)), ...(signal ? { signal } : {}) });
}

/** The embeddings of item 1 and of item 2 of each pair. */
export async function embedPairs(
  source: Pick<Embedder, 'embed'>,
  pairs: readonly Pair[],
  { onProgress, signal }: EmbedOptions = {},
): Promise<{ readonly query: Embeddings; readonly candidate: Embeddings }> {
  const items: Item[] = [...pairs.map(({ item1 }) => item1), ...pairs.map(({ item2 }) => item2)];
  const all = await source.embed(items, { ...(onProgress ? { onProgress } : {}), signal });
  const half = (index: 0 | 1) => {
    const from = index * pairs.length;
    const cut = (data: Float32Array, width: number) => data.subarray(from * width, (from + pairs.length) * width);
    return {
      count: pairs.length,
      dimension: all.dimension,
      fused: cut(all.fused, all.dimension),
      image: cut(all.image, all.dimension),
      text: cut(all.text, all.dimension),
      hasImage: cut(all.hasImage as Float32Array, 1),
      hasText: cut(all.hasText as Float32Array, 1),
    };
  };
  return { query: half(0), candidate: half(1) };
}

/**
 * A short name of all that a model's embeddings follow from (SHA-256 over its configuration, its tokenizer, and the names, shapes and values
 * of its weights): an index remembers which model made it.
 */
export function modelFingerprint({ model, tokenizerDigest }: Pick<LoadedModel, 'model' | 'tokenizerDigest'>): string {
  const hash = createHash('sha256').update(canonicalJson(model.config)).update(tokenizerDigest);
  for (const [name, variable] of namedParameters(model)) {
    hash.update(`${name}[${variable.shape}]`);
    hash.update(new Uint8Array((variable.dataSync() as Float32Array).slice().buffer));
  }
  return hash.digest('hex').slice(0, 16);
}
