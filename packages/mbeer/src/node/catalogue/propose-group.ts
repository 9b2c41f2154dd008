import type { Random } from '@uniecs/tensor';
import { toBytes } from './canvas.js';
import { drawProduct } from './draw-product.js';
import { drawColours, drawPose, drawStyle, type Look, type Style, styleKey } from './product.js';
import { dot, thumbnail } from './thumbnail-similarity.js';
import { fullTitle, variedTitle } from './title.js';

/** Least cosine of two products of a pair, of titles and of pictures alike (section 4.1.1). */
export const threshold = 0.75;
/** Proposals with varied titles before one with full titles and one colour, which passes. */
const variedProposals = 4;
/** Photos tried for the second product before it gets the first one's colours, and then its pose. */
const triedPhotos = 12;

/** Products of one style, without it: two that form a pair, or one that is in no pair. */
export type Looks = readonly [Look, Look] | readonly [Look];

/** Styles of which no two agree in words. */
export function distinctStyles(count: number, random: Random): Style[] {
  const styles = new Map<string, Style>();
  while (styles.size < count) {
    const style = drawStyle(random);
    const key = styleKey(style);
    if (!styles.has(key)) styles.set(key, style);
  }
  return [...styles.values()];
}

/** Products that a style proposes; of two, the mean-centred thumbnails reach the threshold. */
export function proposeGroup(style: Style, paired: boolean, attempt: number, random: Random, size: number): Looks {
  const title = attempt < variedProposals ? variedTitle : fullTitle;
  const colours = drawColours(random);
  const first: Look = { ...colours, pose: drawPose(random), title: title(style, colours.colour, random) };
  if (!paired) return [first];
  const seen = (look: Look) => thumbnail(toBytes(drawProduct({ ...look, style }, size)), size);
  const wanted = seen(first);
  const recoloured = attempt < variedProposals && random.uniform() < 0.8;
  for (let photo = 0; ; photo++) {
    const own = recoloured && photo < triedPhotos ? drawColours(random) : colours;
    const drawn = drawPose(random);
    const pose = photo < 2 * triedPhotos ? drawn : { ...first.pose, light: drawn.light };
    const second: Look = { ...own, pose, title: title(style, own.colour, random) };
    if (dot(wanted, seen(second)) >= threshold) return [first, second];
  }
}
