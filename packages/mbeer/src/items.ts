/** A product as the benchmark sees it. At least one of `title` and `image` is there; a missing modality is absent, never empty. */
export interface Item {
  readonly id: string;
  readonly title?: string;
  /** Absolute path of the picture, the first one where there are several. */
  readonly image?: string;
  /** Further pictures, where there are any: see `imagesOf`. */
  readonly moreImages?: readonly string[];
}

/** A value that an item file may attach to an item, for filters. */
export type MetadataValue = string | number | boolean | null;

/** A product of an item file (catalogue): an item with whatever further scalar fields its line had. */
export interface CatalogueItem extends Item {
  /** Line of the item file, from 1. */
  readonly line: number;
  readonly metadata: Readonly<Record<string, MetadataValue>>;
}

/** Two products of the same style: item 1 is the query side (trigger), item 2 the candidate side (recall). */
export interface Pair {
  /** Line of the pair file, from 1. */
  readonly line: number;
  readonly item1: Item;
  readonly item2: Item;
  /** The authors' label of the pair; 1 in their files and in ours. */
  readonly tag: number;
}
