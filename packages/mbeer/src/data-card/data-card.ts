import { imagesOf } from '../images-of.js';
import type { CatalogueItem, Item, Pair } from '../items.js';
import { disjointSets } from '../pair-builder/disjoint-sets.js';
import { nearDuplicates } from '../pair-builder/near-duplicates.js';

/** What a picture is known by. */
export interface PictureFingerprint {
  /** SHA-256 of the file. */
  readonly sha256: string;
  /** Perceptual hash of 64 bits: whether each of 8 x 8 places is brighter than the one to its right. */
  readonly hash: bigint;
  /** Mean red, green and blue of the four quarters, 0 to 255, [12]: the hash sees no colours. */
  readonly colours: readonly number[];
}

/** A file of data: pairs, or items alone. */
export interface DataPart {
  readonly name: string;
  readonly pairs?: readonly Pair[];
  /** Default the items of the pairs. */
  readonly items?: readonly (Item | CatalogueItem)[];
}

/** What several products have in common, for each kind of duplicate. */
export interface DuplicateCounts {
  /** By part: products beyond the first of those that are the same. */
  readonly within: Readonly<Record<string, number>>;
  /** By two parts: how many things stand in both, and the ids of the first ones. */
  readonly across: readonly {
    readonly parts: readonly [string, string];
    readonly count: number;
    readonly examples: readonly (readonly [string, string])[];
  }[];
}

/** Facts about a part. */
export interface PartCard {
  readonly name: string;
  readonly pairs: number | undefined;
  /** Distinct ids. */
  readonly products: number;
  readonly modalities: { readonly both: number; readonly imageOnly: number; readonly textOnly: number };
  /** Products by category, the most frequent first; empty where the items have none. */
  readonly categories: readonly (readonly [string, number])[];
  /** Pairs whose two titles are the same. */
  readonly equalTitles: number | undefined;
}

/** Facts about data, part by part and between them. */
export interface DataCard {
  readonly version: 1;
  readonly parts: readonly PartCard[];
  readonly duplicates: {
    readonly ids: DuplicateCounts;
    readonly titles: DuplicateCounts;
    readonly pictures: DuplicateCounts;
    readonly nearPictures: DuplicateCounts;
  };
}

/** What a card is made from beside the parts. */
export interface DataCardOptions {
  /** By path; pictures without one count as no duplicates. */
  readonly fingerprints?: ReadonlyMap<string, PictureFingerprint>;
  /** The category of a product; default none. */
  readonly categoryOf?: (item: Item | CatalogueItem) => string | undefined;
}

/** Bits that the hashes of near duplicates differ in at most. */
const nearBits = 3;
/** Difference of a colour in a quarter at most. */
const nearColour = 12;
const mostExamples = 5;

/**
 * Near duplicates among pictures: hashes at most 3 bits and quarters' colours at most 12 of 255 apart. Equal files are among them.
 *
 * @returns places, `first < second`; as `nearDuplicates`
 */
export function nearPictures(pictures: readonly (PictureFingerprint | undefined)[]): [number, number][] {
  return nearDuplicates(
    pictures.map((picture) => picture?.hash),
    nearBits,
    (a, b) => {
      const [first, second] = [pictures[a]?.colours ?? [], pictures[b]?.colours ?? []];
      return first.every((value, i) => Math.abs(value - (second[i] as number)) <= nearColour);
    },
  );
}

/** Counts products, modalities and categories of each part, and what is the same within and across parts. */
export function dataCard(parts: readonly DataPart[], { fingerprints, categoryOf }: DataCardOptions = {}): DataCard {
  const products = parts.map(productsOf);
  const all = products.flatMap((items, part) => items.map((item) => ({ item, part })));
  // An entry a picture: of several of a product any may be another product's.
  const shown = all.flatMap(({ item, part }) => imagesOf(item).map((image) => ({ item, part, image })));
  const pictures = shown.map(({ image }) => fingerprints?.get(image));
  const sets = disjointSets(shown.length);
  for (const [a, b] of nearPictures(pictures)) sets.join(a, b);
  const names = parts.map(({ name }) => name);
  const count = (keyOf: (item: Item) => string | undefined) => duplicates(all, names, keyOf);
  const countPictures = (keyOf: (place: number) => string | undefined) =>
    duplicates(shown, names, (_, place) => keyOf(place));
  return {
    version: 1,
    parts: parts.map(({ name, pairs }, part) => ({
      name,
      pairs: pairs?.length,
      products: products[part]?.length ?? 0,
      modalities: modalitiesOf(products[part] ?? []),
      categories: categoriesOf(products[part] ?? [], categoryOf),
      equalTitles: pairs?.filter(
        ({ item1, item2 }) => titleKey(item1) !== undefined && titleKey(item1) === titleKey(item2),
      ).length,
    })),
    duplicates: {
      ids: count(({ id }) => id),
      titles: count(titleKey),
      pictures: countPictures((place) => pictures[place]?.sha256),
      nearPictures: countPictures((place) => (pictures[place] === undefined ? undefined : String(sets.rootOf(place)))),
    },
  };
}

/** The products of a part, each id once. */
function productsOf({ items, pairs = [] }: DataPart): (Item | CatalogueItem)[] {
  const found = new Map<string, Item>();
  for (const item of items ?? pairs.flatMap(({ item1, item2 }) => [item1, item2])) {
    if (!found.has(item.id)) found.set(item.id, item);
  }
  return [...found.values()];
}

function titleKey({ title }: Item): string | undefined {
  return title?.toLowerCase().trim();
}

function modalitiesOf(items: readonly Item[]): PartCard['modalities'] {
  const having = (image: boolean, title: boolean) =>
    items.filter((item) => (item.image !== undefined) === image && (item.title !== undefined) === title).length;
  return { both: having(true, true), imageOnly: having(true, false), textOnly: having(false, true) };
}

function categoriesOf(items: readonly Item[], categoryOf: DataCardOptions['categoryOf']): [string, number][] {
  const counts = new Map<string, number>();
  for (const item of items) {
    const category = categoryOf?.(item);
    if (category !== undefined) counts.set(category, (counts.get(category) ?? 0) + 1);
  }
  return [...counts].sort(([a, n], [b, m]) => m - n || (a < b ? -1 : 1));
}

function duplicates(
  all: readonly { readonly item: Item; readonly part: number }[],
  names: readonly string[],
  keyOf: (item: Item, place: number) => string | undefined,
): DuplicateCounts {
  const within = names.map(() => 0);
  /** Of each thing the first product in each part that has it. */
  const firstOf = new Map<string, Map<number, string>>();
  for (const [place, { item, part }] of all.entries()) {
    const key = keyOf(item, place);
    if (key === undefined) continue;
    const firsts = firstOf.get(key) ?? new Map<number, string>();
    firstOf.set(key, firsts);
    const first = firsts.get(part);
    if (first === undefined) firsts.set(part, item.id);
    else if (first !== item.id) within[part] = (within[part] as number) + 1;
  }
  const across = names.flatMap((second, b) =>
    names.slice(0, b).map((first, a) => {
      const both = [...firstOf.values()].flatMap((firsts): [string, string][] => {
        const [one, other] = [firsts.get(a), firsts.get(b)];
        return one === undefined || other === undefined ? [] : [[one, other]];
      });
      return { parts: [first, second] as const, count: both.length, examples: both.slice(0, mostExamples) };
    }),
  );
  return { within: Object.fromEntries(names.map((name, part) => [name, within[part] as number])), across };
}
