import type { Random } from '@uniecs/tensor';
import { toBytes } from './canvas.js';
import { drawProduct } from './draw-product.js';
import { drawColours, drawPose, drawStyle, type Product, type Style, styleKey } from './product.js';
import { dot, thumbnail } from './thumbnail-similarity.js';
import { fullTitle, variedTitle } from './title.js';
import { titleCosine, titleVectors } from './title-similarity.js';

/** Least cosine of two products of a pair, of titles and of pictures alike (section 4.1.1). */
const threshold = 0.75;
/** Proposals with varied titles before one with full titles and one colour, which passes. */
const variedProposals = 4;
/** Photos tried for the second product before it gets the first one's colours, and then its pose. */
const triedPhotos = 12;

/** Products of one style: two that form a pair, or one that is in no pair. */
type Group = readonly [Product, Product] | readonly [Product];

/** What the generator makes before anything is written. */
export interface Assortment {
  readonly pairs: readonly (readonly [Product, Product])[];
  readonly distractors: readonly Product[];
}

/**
 * Products in pairs by the paper's recipe: a style proposes two products (in the place of co-interaction), and they are a pair where
 * the TF-IDF cosine of their titles, over all titles of the assortment, and the cosine of their mean-centred thumbnails both reach
 * 0.75; otherwise the style proposes again. A style is in one pair at most, and no title stands in two groups, so that nothing of a
 * pair is found in another split.
 */
export function sameStylePairs(pairs: number, distractors: number, random: Random, size: number): Assortment {
  const styles = distinctStyles(pairs + distractors, random.fork('styles'));
  const proposal = (group: number, attempt: number): Group =>
    propose(styles[group] as Style, group < pairs, attempt, random.fork(group).fork(attempt), size);
  const groups = styles.map((_, group) => proposal(group, 0));
  const attempts = styles.map(() => 0);
  for (let failed = failing(groups); failed.length > 0; failed = failing(groups)) {
    for (const group of failed) {
      attempts[group] = (attempts[group] as number) + 1;
      groups[group] = proposal(group, attempts[group] as number);
    }
  }
  return {
    pairs: groups.slice(0, pairs) as [Product, Product][],
    distractors: groups.slice(pairs).map(([product]) => product),
  };
}

function distinctStyles(count: number, random: Random): Style[] {
  const styles = new Map<string, Style>();
  while (styles.size < count) {
    const style = drawStyle(random);
    const key = styleKey(style);
    if (!styles.has(key)) styles.set(key, style);
  }
  return [...styles.values()];
}

function propose(style: Style, paired: boolean, attempt: number, random: Random, size: number): Group {
  const title = attempt < variedProposals ? variedTitle : fullTitle;
  const colours = drawColours(random);
  const first: Product = { style, ...colours, pose: drawPose(random), title: title(style, colours.colour, random) };
  if (!paired) return [first];
  const look = thumbnail(toBytes(drawProduct(first, size)), size);
  const recoloured = attempt < variedProposals && random.uniform() < 0.8;
  for (let photo = 0; ; photo++) {
    const own = recoloured && photo < triedPhotos ? drawColours(random) : colours;
    const drawn = drawPose(random);
    const pose = photo < 2 * triedPhotos ? drawn : { ...first.pose, light: drawn.light };
    const second: Product = { style, ...own, pose, title: title(style, own.colour, random) };
    if (dot(look, thumbnail(toBytes(drawProduct(second, size)), size)) >= threshold) return [first, second];
  }
}

/** The groups that have a title of an earlier group, or whose titles are not similar enough. */
function failing(groups: readonly Group[]): number[] {
  const owner = new Map<string, number>();
  groups.forEach((group, index) => {
    for (const { title } of group) if (!owner.has(title)) owner.set(title, index);
  });
  const vectors = titleVectors(groups.flatMap((group) => group.map(({ title }) => title)));
  const failed: number[] = [];
  let next = 0;
  groups.forEach((group, index) => {
    const [first, second] = [vectors[next], vectors[next + 1]];
    next += group.length;
    const alike = group.length === 1 || (first && second && titleCosine(first, second) >= threshold);
    if (!alike || group.some(({ title }) => owner.get(title) !== index)) failed.push(index);
  });
  return failed;
}
