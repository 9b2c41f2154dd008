import { compareText } from './compare-text.js';

/** Best first: by score, equal scores by id. */
export function compareHits(
  a: { readonly id: string; readonly score: number },
  b: { readonly id: string; readonly score: number },
): number {
  return b.score - a.score || compareText(a.id, b.id);
}
