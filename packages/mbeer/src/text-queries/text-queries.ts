import { seededRandom, UniecsError } from '@uniecs/tensor';
import type { CatalogueItem } from '../items.js';
import { type AttributeFields, checkKinds, type QueryKind, queryKinds, sayings } from './query-kinds.js';

/** A text query and the products that it asks for. */
export interface TextQuery {
  /** Kind and text, the same in every run. */
  readonly id: string;
  readonly text: string;
  /** Name of its kind. */
  readonly kind: string;
  /** Ids of all products of which everything that it says is true, in the order of the items. */
  readonly relevant: readonly string[];
}

/** What became of the texts of one kind: `found = tooFew + tooMany + sameText + left + queries`. */
export interface KindSummary {
  readonly kind: string;
  /** Distinct texts that are true of some product. */
  readonly found: number;
  /** True of fewer than `minRelevant` products. */
  readonly tooFew: number;
  /** True of more than `maxRelevant`. */
  readonly tooMany: number;
  /** Said already, by an earlier kind say, which may mean other products. */
  readonly sameText: number;
  /** Left out by the draw of `perKind`. */
  readonly left: number;
  readonly queries: number;
  /** Mean number of relevant products of a query; `null` without a query. */
  readonly meanRelevant: number | null;
}

/** Which queries are made. */
export interface TextQueryOptions {
  readonly seed: number | string;
  /** Default `queryKinds`. An earlier kind keeps a text that a later one says too. */
  readonly kinds?: readonly QueryKind[];
  /** Default `articleType`, `baseColour` and `usage`. */
  readonly fields?: AttributeFields;
  /** A query with fewer relevant products is left out; default 2. */
  readonly minRelevant?: number;
  /** A query with more is left out: it asks for too little to be judged on its first results; default 200. */
  readonly maxRelevant?: number;
  /** Queries of a kind at most, drawn with the seed where there are more; default 1,000. */
  readonly perKind?: number;
}

const where = 'textQueries';

/**
 * Text queries for a catalogue that has no query log: attributes and words of titles, alone and combined, each with all products that
 * match. A query is a conjunction; an attribute matches by its whole value, a word by standing in the title (words are said in the order of the first such title). Only the given items are
 * relevant to anything, so queries over one part of `splitProducts` know no product of another part; their texts may be the same.
 *
 * What the products match is all that "relevant" means here: a product whose title leaves a word out is not relevant, whatever its
 * picture shows, and products that are alike in the named attributes are equally relevant.
 *
 * @throws UniecsError `argument` for limits or kinds that make no sense
 */
export function textQueries(
  items: readonly CatalogueItem[],
  options: TextQueryOptions,
): { readonly queries: readonly TextQuery[]; readonly summary: readonly KindSummary[] } {
  const { seed, kinds = queryKinds, minRelevant = 2, maxRelevant = 200, perKind = 1000 } = options;
  const { fields = { type: 'articleType', colour: 'baseColour', usage: 'usage' } } = options;
  checkKinds(kinds, where);
  checkLimits({ minRelevant, maxRelevant, perKind });
  const taken = new Set<string>();
  const queries: TextQuery[] = [];
  const summary = kinds.map((kind): KindSummary => {
    const matching = new Map<string, { text: string; relevant: string[] }>();
    for (const item of items) {
      for (const { key, text } of sayings(item, kind, fields)) {
        const known = matching.get(key);
        if (known) known.relevant.push(item.id);
        else matching.set(key, { text, relevant: [item.id] });
      }
    }
    const counts = { tooFew: 0, tooMany: 0, sameText: 0 };
    const good: TextQuery[] = [];
    for (const { text, relevant } of matching.values()) {
      if (relevant.length < minRelevant) counts.tooFew++;
      else if (relevant.length > maxRelevant) counts.tooMany++;
      else if (taken.has(text)) counts.sameText++;
      else good.push({ id: `${kind.name}: ${text}`, text, kind: kind.name, relevant });
      taken.add(text);
    }
    const drawn = draw(good, perKind, seed, kind.name);
    queries.push(...drawn);
    const relevant = drawn.reduce((sum, query) => sum + query.relevant.length, 0);
    return {
      kind: kind.name,
      found: matching.size,
      ...counts,
      left: good.length - drawn.length,
      queries: drawn.length,
      meanRelevant: drawn.length === 0 ? null : relevant / drawn.length,
    };
  });
  return { queries, summary };
}

/** Some of the queries, by a number that each draws from the seed and its text; in the order of their texts. */
function draw(queries: readonly TextQuery[], count: number, seed: number | string, kind: string): TextQuery[] {
  const random = seededRandom(seed).fork(kind);
  const byText = (a: TextQuery, b: TextQuery) => (a.text < b.text ? -1 : 1);
  return queries
    .map((query) => ({ query, number: random.fork(query.text).uniform() }))
    .sort((a, b) => a.number - b.number || byText(a.query, b.query))
    .slice(0, count)
    .map(({ query }) => query)
    .sort(byText);
}

function checkLimits(limits: Readonly<Record<'minRelevant' | 'maxRelevant' | 'perKind', number>>): void {
  for (const [name, value] of Object.entries(limits)) {
    const least = name === 'maxRelevant' ? limits.minRelevant : 1;
    if (Number.isInteger(value) && value >= least) continue;
    throw new UniecsError({
      code: 'argument',
      where,
      expected: `${name} to be a whole number from ${least}`,
      got: String(value),
      hint: 'or leave it out for the default',
    });
  }
}
