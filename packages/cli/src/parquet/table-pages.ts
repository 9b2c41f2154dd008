import {
  type AsyncBuffer,
  asyncBufferFromFile,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
} from 'hyparquet';
import { compressors } from './compressors.js';

/** Rows of a table that follow each other. */
export interface TablePage {
  readonly rows: readonly Readonly<Record<string, unknown>>[];
  /** The row after them; nothing where these are the last. */
  readonly next: number | undefined;
}

/** Rows that are handed over at a time. */
const pageRows = 10_000;

/** The file that is read page by page, and the group of rows at hand. */
interface OpenTable {
  readonly path: string;
  readonly file: AsyncBuffer;
  readonly metadata: FileMetaData;
  /** The first row of each group, and the end of the last. */
  readonly starts: readonly number[];
  group?: { readonly start: number; readonly rows: readonly Record<string, unknown>[] };
}

let table: OpenTable | undefined;

/**
 * Rows of a Parquet file from row `from` on, with a group of rows in memory at a time; whole numbers as numbers where they are exact, else as
 * text. A file is read from its first row to its last.
 */
export async function tablePage(path: string, from: number): Promise<TablePage> {
  if (from === 0 || table?.path !== path) table = await open(path);
  const { starts } = table;
  const g = starts.findIndex((start, i) => from >= start && from < (starts[i + 1] ?? 0));
  if (g < 0) return { rows: [], next: undefined };
  const [start, end] = starts.slice(g, g + 2) as [number, number];
  const group = await groupOf(table, start, end);
  const to = Math.min(from + pageRows, end);
  return {
    rows: group.slice(from - start, to - start).map(plain),
    next: to < (starts.at(-1) as number) ? to : undefined,
  };
}

async function open(path: string): Promise<OpenTable> {
  const file = await asyncBufferFromFile(path);
  const metadata = await parquetMetadataAsync(file);
  const starts = [0];
  for (const { num_rows } of metadata.row_groups) {
    if (num_rows < 0) throw new Error(`a group of ${num_rows} rows`);
    starts.push((starts.at(-1) as number) + Number(num_rows));
  }
  if (starts.at(-1) !== Number(metadata.num_rows)) {
    throw new Error(`${metadata.num_rows} rows, in groups of ${starts.at(-1)} in all`);
  }
  return { path, file, metadata, starts };
}

async function groupOf(table: OpenTable, start: number, end: number): Promise<readonly Record<string, unknown>[]> {
  if (table.group?.start === start) return table.group.rows;
  // The last one may go before the next one comes.
  delete table.group;
  const { file, metadata } = table;
  const rows = await parquetReadObjects({ file, metadata, rowStart: start, rowEnd: end, compressors });
  if (rows.length !== end - start) throw new Error(`${rows.length} rows in a group of ${end - start}`);
  table.group = { start, rows };
  return rows;
}

function plain(row: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, wholeNumber(value)]));
}

function wholeNumber(value: unknown): unknown {
  if (typeof value !== 'bigint') return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}
