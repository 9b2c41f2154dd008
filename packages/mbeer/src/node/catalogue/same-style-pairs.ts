import type { CatalogueWork } from './catalogue-work.js';
import { type Looks, threshold } from './propose-group.js';
import { titleCosine, titleVectors } from './title-similarity.js';

/** Groups that are asked for at a time: between two, a signal can stop the work. */
const atATime = 2048;

/**
 * Products in pairs by the paper's recipe: a style proposes two products (in the place of co-interaction), and they are a pair where
 * the TF-IDF cosine of their titles, over all titles of the assortment, and the cosine of their mean-centred thumbnails both reach
 * 0.75; otherwise the style proposes again. A style is in one pair at most, and no title stands in two groups, so that nothing of a
 * pair is found in another split.
 *
 * @param checkpoint called between parts of the work; what it throws ends it
 * @returns the products of each of the work's styles
 */
export async function sameStylePairs(
  work: Pick<CatalogueWork, 'styles' | 'propose'>,
  checkpoint: () => void,
): Promise<Looks[]> {
  const groups: Looks[] = [];
  const attempts = new Uint32Array(work.styles.length);
  let failed: readonly number[] = work.styles.map((_, group) => group);
  while (failed.length > 0) {
    for (let start = 0; start < failed.length; start += atATime) {
      checkpoint();
      const asked = failed.slice(start, start + atATime);
      const proposed = await work.propose(asked.map((group) => ({ group, attempt: attempts[group] as number })));
      asked.forEach((group, i) => {
        groups[group] = proposed[i] as Looks;
        attempts[group] = (attempts[group] as number) + 1;
      });
    }
    failed = failing(groups);
  }
  return groups;
}

/** The groups that have a title of an earlier group, or whose titles are not similar enough. */
function failing(groups: readonly Looks[]): number[] {
  const owner = new Map<string, number>();
  groups.forEach((group, index) => {
    for (const { title } of group) if (!owner.has(title)) owner.set(title, index);
  });
  const vectorOf = titleVectors(titlesOf(groups));
  const failed: number[] = [];
  groups.forEach((group, index) => {
    const [first, second] = group;
    const alike = !second || titleCosine(vectorOf(first.title), vectorOf(second.title)) >= threshold;
    if (!alike || group.some(({ title }) => owner.get(title) !== index)) failed.push(index);
  });
  return failed;
}

function* titlesOf(groups: readonly Looks[]): Generator<string> {
  for (const group of groups) for (const { title } of group) yield title;
}
