import type { CatalogueItem, MetadataValue } from '../items.js';
import type { Pictures } from './data-lines.js';
import { describe, type Parsed, parseItem, parseObject } from './fields.js';
import type { ModalityCounts, Validated } from './problems.js';
import { countModalities, type ReadOptions, readValidated } from './validation.js';

export interface ItemFile extends Validated {
  /** The items of the good lines, in the file's order. */
  readonly items: readonly CatalogueItem[];
  readonly counts: ModalityCounts & { readonly products: number };
}

/**
 * Reads an item file (catalogue), JSONL with `id`, `title`, `image`; every further field must be a scalar and becomes metadata. An item
 * may lack its title or its image (absent, `null` or blank), not both; ids are unique. Or WebDataset shards, as `readPairs` takes them: a
 * sample is `KEY.json` with its picture `KEY.jpg` (`KEY.0.jpg`, `KEY.1.jpg` for several).
 *
 * Never throws for a bad line: `problems` lists all of them and `items` holds the rest; see `requireValid`.
 *
 * @throws UniecsError `file` where the file or the images folder cannot be read, `interrupted` when the signal fires
 */
export async function readItems(file: string, options: ReadOptions = {}): Promise<ItemFile> {
  const { values: items, ...validated } = await readValidated(
    file,
    options,
    'readItems',
    'id',
    parseCatalogueItem,
    ({ id }) => id,
    (item) => [item],
  );
  return { ...validated, items, counts: { products: items.length, ...countModalities(items) } };
}

function parseCatalogueItem(text: string, line: number, pictures: Pictures): Parsed<CatalogueItem> {
  const object = parseObject(text);
  if ('reasons' in object) return object;
  const item = parseItem(object.value, { id: 'id', title: 'title', image: 'image', side: '' }, pictures);
  const reasons = 'reasons' in item ? [...item.reasons] : [];
  const metadata: [string, MetadataValue][] = [];
  for (const [key, value] of Object.entries(object.value)) {
    if (key === 'id' || key === 'title' || key === 'image') continue;
    if (value === null || typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
      metadata.push([key, value]);
    } else {
      reasons.push(`${key} must be text, a number, true, false or null, is ${describe(value)}`);
    }
  }
  if (reasons.length > 0 || 'reasons' in item) return { reasons };
  return { value: { ...item.value, line, metadata: Object.fromEntries(metadata) } };
}
