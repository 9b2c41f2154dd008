import type { Pair } from '../items.js';
import type { Pictures } from './data-lines.js';
import { describe, type Parsed, parseItem, parseObject } from './fields.js';
import type { ModalityCounts, Validated } from './problems.js';
import { countModalities, type ReadOptions, readValidated } from './validation.js';

export interface PairFile extends Validated {
  /** The pairs of the good lines, in the file's order. */
  readonly pairs: readonly Pair[];
  /** Of those pairs: distinct product ids, and what their items have, each occurrence counted. */
  readonly counts: { readonly products: number; readonly item1: ModalityCounts; readonly item2: ModalityCounts };
}

/** The fields of a line of a pair file. */
export const pairFields = [
  'item_id_1',
  'item_title_1',
  'item_image_1',
  'item_id_2',
  'item_title_2',
  'item_image_2',
  'tag',
] as const;

/** By which other names a pair file has its fields; a field that is not named keeps its own. */
export type PairColumns = Readonly<Partial<Record<(typeof pairFields)[number], string>>>;

/** How a pair file is read. */
export interface PairOptions extends ReadOptions {
  /** With columns of another benchmark's file a `tag` is not asked for: where there is none it is 1. */
  readonly columns?: PairColumns;
}

/**
 * Reads a pair file in the authors' JSONL format: `item_id_1, item_title_1, item_image_1, item_id_2, item_title_2, item_image_2, tag`;
 * other fields are ignored. An item may lack its title or its image (absent, `null` or blank), not both; `tag` is a number. A pair
 * repeats where both ids do, in that order. Or WebDataset shards (`.tar`, a folder of them, `train-{000000..000011}.tar`): a sample is
 * `KEY.json` with the same fields, pictures `KEY.1.jpg` and `KEY.2.jpg` (`KEY.1.0.jpg`, `KEY.1.1.jpg` for several) where it names none. `columns` maps a file whose fields have other names (eSSPR-style).
 *
 * Never throws for a bad line: `problems` lists all of them and `pairs` holds the rest; see `requireValid`.
 *
 * @throws UniecsError `file` where the file or the images folder cannot be read, `interrupted` when the signal fires
 */
export async function readPairs(file: string, { columns, ...options }: PairOptions = {}): Promise<PairFile> {
  const { values: pairs, ...validated } = await readValidated(
    file,
    options,
    'readPairs',
    'pair',
    (text, line, pictures) => parsePair(text, line, pictures, columns),
    ({ item1, item2 }) => JSON.stringify([item1.id, item2.id]),
    ({ item1, item2 }) => [item1, item2],
  );
  const counts = {
    products: new Set(pairs.flatMap(({ item1, item2 }) => [item1.id, item2.id])).size,
    item1: countModalities(pairs.map(({ item1 }) => item1)),
    item2: countModalities(pairs.map(({ item2 }) => item2)),
  };
  return { ...validated, pairs, counts };
}

function parsePair(text: string, line: number, pictures: Pictures, columns?: PairColumns): Parsed<Pair> {
  const object = parseObject(text);
  if ('reasons' in object) return object;
  const fields = object.value;
  const nameOf = (field: (typeof pairFields)[number]) => columns?.[field] ?? field;
  const [item1, item2] = ([1, 2] as const).map((side) =>
    parseItem(
      fields,
      {
        ...{ id: nameOf(`item_id_${side}`), title: nameOf(`item_title_${side}`), image: nameOf(`item_image_${side}`) },
        side: `${side}`,
      },
      pictures,
    ),
  ) as [ReturnType<typeof parseItem>, ReturnType<typeof parseItem>];
  const reasons = [item1, item2].flatMap((item) => ('reasons' in item ? item.reasons : []));
  const given = fields[nameOf('tag')];
  const tag = given === undefined && columns && columns.tag === undefined ? 1 : given;
  if (tag === undefined) reasons.push(`field ${nameOf('tag')} is missing`);
  else if (typeof tag !== 'number') reasons.push(`${nameOf('tag')} must be a number, is ${describe(tag)}`);
  if (reasons.length > 0 || 'reasons' in item1 || 'reasons' in item2 || typeof tag !== 'number') return { reasons };
  return { value: { line, item1: item1.value, item2: item2.value, tag } };
}
