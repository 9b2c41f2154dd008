import { basename } from 'node:path';
import { type CatalogueItem, type DataPart, formatDataCard } from '@uniecs/mbeer';
import { readItems } from '@uniecs/mbeer/node';
import { writeFileAtomic } from '@uniecs/tensor/node';
import { categoryBy, dataFacts } from '../data/data-facts.js';
import { kindOf } from '../data/kind-of.js';
import { readGoodItems, readGoodPairs, readWith } from '../data/read-good.js';
import { exitCodes } from '../exit-code.js';
import { type Io, print } from '../terminal/io.js';

/** The flags of `uniecs data report`. */
export interface ReportDataFlags {
  readonly images?: string;
  readonly items?: string;
  readonly category?: string;
  readonly json?: string;
}

/** Prints the card of pair and item files: counts of each, and what is the same within one and in two of them. */
export async function runReportData(files: readonly string[], flags: ReportDataFlags, io: Io): Promise<number> {
  const { images, category } = flags;
  const parts: DataPart[] = [];
  const catalogue: CatalogueItem[] = [];
  for (const file of files) {
    const name = files.filter((each) => basename(each) === basename(file)).length > 1 ? file : basename(file);
    if ((await kindOf(file)) === 'items') {
      const items = await readGoodItems(file, io, { images });
      catalogue.push(...items);
      parts.push({ name, items });
    } else {
      const [pairs = []] = await readGoodPairs([file], io, { images });
      parts.push({ name, pairs });
    }
  }
  if (flags.items !== undefined) {
    catalogue.push(...(await readWith(readItems, flags.items, io, { images, check: 'fields' })).items);
  }
  const card = await dataFacts(parts, io, category === undefined ? undefined : categoryBy(category, catalogue));
  if (flags.json !== undefined) await writeFileAtomic(flags.json, [Buffer.from(`${JSON.stringify(card, null, 2)}\n`)]);
  print(io, formatDataCard(card).trimEnd());
  return exitCodes.done;
}
