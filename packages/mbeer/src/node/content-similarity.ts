import type { Item } from '../items.js';
import type { Similarity } from '../pair-builder/similarity.js';
import { titleCosine, titleVectors } from './catalogue/title-similarity.js';
import { type PictureOptions, pictureThumbnails } from './pictures/picture-fingerprints.js';

/**
 * Similarity without encoders: the TF-IDF cosine of titles, over all given titles, and the cosine of mean-centred 12 x 12 thumbnails (of the first
 * picture, where a product has several).
 * A stand-in for the paper's encoders (section 4.1.1), coarser than they are.
 *
 * @param compared places of the items that will be compared; the pictures of no other are opened
 * @throws UniecsError `interrupted` when the signal fires
 */
export async function contentSimilarity(
  items: readonly Item[],
  compared: Iterable<number>,
  options: PictureOptions = {},
): Promise<Similarity> {
  const paths = Array.from(compared, (place) => items[place]?.image).filter((path) => path !== undefined);
  const looks = await pictureThumbnails(paths, options);
  const vectorOf = titleVectors(items.flatMap(({ title }) => title ?? []));
  return {
    visual(first, second) {
      const [a, b] = [first, second].map((place) => looks.get(items[place]?.image ?? ''));
      return a && b && a.reduce((sum, value, i) => sum + value * (b[i] as number), 0);
    },
    textual(first, second) {
      const [a, b] = [items[first]?.title, items[second]?.title];
      return a === undefined || b === undefined ? undefined : titleCosine(vectorOf(a), vectorOf(b));
    },
  };
}
