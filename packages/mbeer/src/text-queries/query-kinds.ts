import { UniecsError } from '@uniecs/tensor';
import type { CatalogueItem } from '../items.js';

/** What a product is asked for by, beside words of its title. */
export type Attribute = 'type' | 'colour' | 'usage';

/** Metadata field of each attribute. */
export type AttributeFields = Readonly<Record<Attribute, string>>;

/** How the queries of one kind are made: values of attributes, words of the title, or both; all of them must hold. */
export interface QueryKind {
  readonly name: string;
  /** In the order in which they are said. */
  readonly attributes: readonly Attribute[];
  /** Words of the title, said before the attributes; 0 to 3. */
  readonly words: number;
}

/**
 * The kinds that `textQueries` makes unless told otherwise: `type` (backpacks), `colour type` (navy blue backpacks), `usage type`
 * (casual backpacks), `colour usage type` (navy blue casual backpacks), `word type` (puma backpacks), `title words` (puma deck).
 */
export const queryKinds: readonly QueryKind[] = [
  { name: 'type', attributes: ['type'], words: 0 },
  { name: 'colour type', attributes: ['colour', 'type'], words: 0 },
  { name: 'usage type', attributes: ['usage', 'type'], words: 0 },
  { name: 'colour usage type', attributes: ['colour', 'usage', 'type'], words: 0 },
  { name: 'word type', attributes: ['type'], words: 1 },
  { name: 'title words', attributes: [], words: 2 },
];

/** Words that say nothing about a product alone. */
const stopWords = new Set(['a', 'an', 'and', 'by', 'for', 'from', 'in', 'of', 'on', 'the', 'to', 'with']);
/** What catalogues write where they do not know. */
const unknown = new Set(['', 'na', 'n/a', 'none', 'null', 'unknown']);

/** What a query of one kind can say of a product: its text, and a key that products with the same text share. */
export interface Saying {
  readonly key: string;
  readonly text: string;
}

/** Everything that queries of a kind say of a product; nothing where it lacks one of the attributes. */
export function sayings(item: CatalogueItem, kind: QueryKind, fields: AttributeFields): Saying[] {
  const values: string[] = [];
  for (const attribute of kind.attributes) {
    const value = attributeOf(item, fields[attribute]);
    if (value === undefined) return [];
    values.push(value);
  }
  if (kind.words === 0) return [{ key: values.join('\n'), text: values.join(' ') }];
  const said = values.flatMap(wordsOf);
  const words = [...new Set(wordsOf(item.title ?? ''))].filter(
    (word) =>
      word.length > 1 && /\p{L}/u.test(word) && !stopWords.has(word) && !said.some((other) => alike(word, other)),
  );
  return combinations(words, kind.words).map((chosen) => ({
    key: [...[...chosen].sort(), ...values].join('\n'),
    text: [...chosen, ...values].join(' '),
  }));
}

/**
 * Throws unless kinds are named once each and say something.
 *
 * @throws UniecsError `argument`
 */
export function checkKinds(kinds: readonly QueryKind[], where: string): void {
  const fault = (expected: string, got: string) =>
    new UniecsError({ code: 'argument', where, expected, got, hint: 'see queryKinds for examples' });
  const names = new Set(kinds.map(({ name }) => name));
  if (names.size !== kinds.length) throw fault('kinds with a name each', `${kinds.length} with ${names.size} names`);
  for (const { name, attributes, words } of kinds) {
    if (!Number.isInteger(words) || words < 0 || words > 3) {
      throw fault(`words of kind '${name}' to be a whole number, 0 to 3`, String(words));
    }
    if (attributes.length + words === 0) throw fault(`an attribute or a word in kind '${name}'`, 'neither');
  }
}

function attributeOf(item: CatalogueItem, field: string): string | undefined {
  const value = item.metadata[field];
  if (value === null || value === undefined) return undefined;
  const text = String(value).trim().toLowerCase();
  return unknown.has(text) ? undefined : text;
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
}

/** Whether one is the other with at most two letters more: "shirt shirts" asks for nothing more than "shirts". */
function alike(a: string, b: string): boolean {
  return (a.startsWith(b) || b.startsWith(a)) && Math.abs(a.length - b.length) <= 2;
}

/** All ways to take some of the words, in the order in which they stand. */
function combinations(words: readonly string[], count: number): string[][] {
  if (count === 0) return [[]];
  return words.flatMap((word, i) => combinations(words.slice(i + 1), count - 1).map((rest) => [word, ...rest]));
}
