import type { Embedder } from '@uniecs/retrieval';
import { UniecsError } from '@uniecs/tensor';
import type { QueryWeights } from '../options/parsers.js';

/** What is looked for. */
export interface Query {
  readonly text?: string | undefined;
  /** Path of a picture. */
  readonly image?: string | undefined;
  /** A stored vector instead of text and image. */
  readonly vector?: Float32Array | undefined;
  readonly notText?: string | undefined;
  readonly weights?: QueryWeights | undefined;
}

/**
 * The embedding of a query, [D], L2-normalised.
 *
 * Of text, image or both it is the model's fused embedding. With weights x and y it is `normalise(x v + y t)`, v and t being the
 * embeddings of the image alone and of the text alone. An unwanted text n is subtracted as far as the query q points to it:
 * `normalise(q - max(0, q · n) n)`, so that what is left is orthogonal to it.
 *
 * @throws UniecsError `argument` for weights without both sides, or where nothing is left after the subtraction
 */
export async function queryVector(source: Pick<Embedder, 'embedQuery'>, query: Query): Promise<Float32Array> {
  const wanted = await wantedVector(source, query);
  if (query.notText === undefined) return wanted;
  const unwanted = await source.embedQuery({ text: query.notText });
  const along = Math.max(0, dot(wanted, unwanted));
  return normalised(wanted.map((x, i) => x - along * (unwanted[i] as number)));
}

async function wantedVector(
  source: Pick<Embedder, 'embedQuery'>,
  { text, image, vector, weights }: Query,
): Promise<Float32Array> {
  if (vector !== undefined) return vector;
  if (weights === undefined) {
    return source.embedQuery({ ...(text === undefined ? {} : { text }), ...(image === undefined ? {} : { image }) });
  }
  if (text === undefined || image === undefined) {
    throw new UniecsError({
      code: 'argument',
      where: 'queryVector',
      expected: 'a text and an image to weight',
      got: text === undefined ? 'no text' : 'no image',
      hint: 'give both --text and --image, or leave --weight out',
    });
  }
  const [v, t] = [await source.embedQuery({ image }), await source.embedQuery({ text })];
  return normalised(v.map((x, i) => weights.image * x + weights.text * (t[i] as number)));
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, x, i) => sum + x * (b[i] as number), 0);
}

function normalised(vector: Float32Array): Float32Array {
  const length = Math.sqrt(dot(vector, vector));
  // Rounding leaves a little of two vectors that cancel out.
  if (length > 1e-3) return vector.map((x) => x / length);
  throw new UniecsError({
    code: 'argument',
    where: 'queryVector',
    expected: 'something to be left of the query',
    got: 'parts that cancel out',
    hint: 'change --not-text or --weight',
  });
}
