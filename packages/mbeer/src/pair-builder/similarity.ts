import { UniecsError } from '@uniecs/tensor';
import { checkItemVectors, type ItemVectors } from '../item-vectors.js';
import type { CandidatePair } from './co-interactions.js';

/** How alike two products are, by their places: cosines of pictures and of titles; undefined where one of them has none. */
export interface Similarity {
  visual(first: number, second: number): number | undefined;
  textual(first: number, second: number): number | undefined;
}

/**
 * The cosines of given vectors: of views `image` and `text`, brought to length 1 here.
 *
 * @param ids of the products, in their order; one that has no vectors is like no other
 * @throws UniecsError `data` where the vectors lack a view, or hold a number that is not finite
 */
export function vectorSimilarity(ids: readonly string[], vectors: ItemVectors): Similarity {
  checkItemVectors(vectors, 'vectorSimilarity');
  const rowOf = new Map(vectors.ids.map((id, row) => [id, row]));
  const rows = Int32Array.from(ids, (id) => rowOf.get(id) ?? -1);
  const { dimension, image, text, hasImage, hasText } = vectors;
  if (!image || !text) {
    throw new UniecsError({
      code: 'data',
      where: 'vectorSimilarity',
      expected: 'vectors of image and of text',
      got: image ? 'none of text' : 'none of image',
      hint: 'uniecs embed writes both',
    });
  }
  const cosine = (view: Float32Array, has: ArrayLike<number> | undefined) => (first: number, second: number) => {
    const [a, b] = [rows[first] as number, rows[second] as number];
    if (a < 0 || b < 0 || has?.[a] === 0 || has?.[b] === 0) return undefined;
    let [dot, squaresA, squaresB] = [0, 0, 0];
    for (let k = 0; k < dimension; k++) {
      const [x, y] = [view[a * dimension + k] as number, view[b * dimension + k] as number];
      dot += x * y;
      squaresA += x * x;
      squaresB += y * y;
    }
    const value = dot / Math.sqrt(squaresA * squaresB);
    if (Number.isFinite(value)) return value;
    throw new UniecsError({
      code: 'data',
      where: 'vectorSimilarity',
      expected: 'vectors of finite numbers and some length',
      got: `a cosine of ${value} between '${ids[first]}' and '${ids[second]}'`,
      hint: 'embed these products again',
      details: { ids: [ids[first], ids[second]] },
    });
  };
  return { visual: cosine(image, hasImage), textual: cosine(text, hasText) };
}

/** Why candidates are no pairs; each is counted once, in this order. */
export interface SimilarityCounts {
  readonly candidates: number;
  /** A product lacks picture or title. */
  readonly incomplete: number;
  readonly visualBelow: number;
  readonly textualBelow: number;
  readonly similar: number;
}

/** Least cosines of a pair; the paper's are 0.75 each (section 4.1.1). */
export interface SimilarityThresholds {
  readonly visual: number;
  readonly textual: number;
}

/** The candidates that reach both thresholds, with their cosines, and what became of the others. */
export function similarPairs(
  candidates: readonly CandidatePair[],
  { visual, textual }: Similarity,
  thresholds: SimilarityThresholds,
): {
  readonly pairs: readonly (CandidatePair & SimilarityThresholds)[];
  readonly counts: SimilarityCounts;
} {
  const counts = { candidates: candidates.length, incomplete: 0, visualBelow: 0, textualBelow: 0, similar: 0 };
  const pairs = candidates.flatMap((candidate) => {
    const { first, second } = candidate;
    const [look, words] = [visual(first, second), textual(first, second)];
    if (look === undefined || words === undefined) counts.incomplete++;
    else if (look < thresholds.visual) counts.visualBelow++;
    else if (words < thresholds.textual) counts.textualBelow++;
    else {
      counts.similar++;
      return [{ ...candidate, visual: look, textual: words }];
    }
    return [];
  });
  return { pairs, counts };
}
