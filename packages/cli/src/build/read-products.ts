import { open } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { CatalogueItem } from '@uniecs/mbeer';
import { type ReadOptions, readItems, requireValid } from '@uniecs/mbeer/node';
import { readGoodItems, readWith } from '../data/read-good.js';
import { readRecords } from '../data/read-records.js';
import { type Io, say } from '../terminal/io.js';

/** How a product table is read. */
export interface ReadProductsOptions {
  readonly images?: string | undefined;
  readonly check: ReadOptions['check'];
  readonly skipBad?: boolean | undefined;
  /** Where the rows of another format are put down as JSONL, to be read and checked as an item file is. */
  readonly scratch: string;
}

/**
 * The products of a table: an item file, or CSV, TSV or Parquet with columns `id`, `title`, `image` and others, which become metadata.
 * Problems of those name the row, from 1, the header not counted.
 *
 * @throws UniecsError `data` naming the first problems, unless bad rows are skipped; as `readRecords`
 */
export async function readProducts(file: string, io: Io, options: ReadProductsOptions): Promise<CatalogueItem[]> {
  const { images = dirname(file), check, skipBad = false, scratch } = options;
  if (file.toLowerCase().endsWith('.jsonl')) return readGoodItems(file, io, { images, check, skipBad });
  const handle = await open(scratch, 'w');
  try {
    let lines: string[] = [];
    for await (const row of readRecords(file)) {
      if (lines.push(`${JSON.stringify(row)}\n`) < 1000) continue;
      await handle.write(lines.join(''));
      lines = [];
    }
    await handle.write(lines.join(''));
  } finally {
    await handle.close();
  }
  const found = await readWith(readItems, scratch, io, { images, check });
  const problems = found.problems.map((problem) => ({ ...problem, file }));
  requireValid({ ...found, file, problems }, { skipBad });
  if (found.skipped > 0) say(io, `${file}: skipped ${found.skipped} of ${found.lines} rows`);
  return [...found.items];
}
