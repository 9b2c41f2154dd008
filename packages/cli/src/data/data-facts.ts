import { type CatalogueItem, type DataCard, type DataPart, dataCard, type Item, imagesOf } from '@uniecs/mbeer';
import { pictureFingerprints } from '@uniecs/mbeer/node';
import type { Io } from '../terminal/io.js';
import { progress } from '../terminal/progress.js';

/** The card of data, their pictures looked at, with progress. */
export async function dataFacts(
  parts: readonly DataPart[],
  io: Io,
  categoryOf?: (item: Item | CatalogueItem) => string | undefined,
): Promise<DataCard> {
  const items = parts.flatMap(({ items, pairs = [] }) => items ?? pairs.flatMap(({ item1, item2 }) => [item1, item2]));
  const shown = progress(io, 'comparing pictures', 'pictures');
  const fingerprints = await pictureFingerprints(items.flatMap(imagesOf), {
    signal: io.signal,
    onProgress: shown.update,
  }).finally(shown.end);
  return dataCard(parts, { fingerprints, ...(categoryOf ? { categoryOf } : {}) });
}

/** The category of an item by a field of an item file; of an item without metadata by its id. */
export function categoryBy(field: string, catalogue: readonly CatalogueItem[]): (item: Item) => string | undefined {
  const values = new Map(catalogue.map(({ id, metadata }) => [id, metadata[field]]));
  return ({ id }) => {
    const value = values.get(id);
    return value === undefined || value === null ? undefined : String(value);
  };
}
