import { createReadStream } from 'node:fs';
import { readLines } from '@uniecs/mbeer/node';
import { UniecsError } from '@uniecs/tensor';
import { CsvError, parse } from 'csv-parse';
import { openParquet } from '../parquet/parquet-thread.js';
import type { TablePage } from '../parquet/table-pages.js';

/** How a table's file may end. */
export const tableEndings = ['.csv', '.tsv', '.jsonl', '.parquet'] as const;

/** A row of a table: its fields by column. */
export type TableRow = Readonly<Record<string, unknown>>;

/** Longest row of a CSV file in bytes. */
const longestRow = 1 << 20;

/** What a group of rows of a Parquet file may take in memory, beside what its size allows: a million short rows take half of it. */
const groupMegabytes = 1024;

/**
 * The rows of a table, one after the other, by the ending of the file's name: CSV (commas) and TSV with a header line, every value a text;
 * JSONL; Parquet, read in a thread of its own, a group of rows in memory at a time, whole numbers as numbers where they are exact, else as text.
 *
 * @throws UniecsError `file` where it cannot be read, `data` for a row that is none, naming its line
 */
export function readRecords(file: string): AsyncGenerator<TableRow> {
  const name = file.toLowerCase();
  if (name.endsWith('.parquet')) return parquetRows(file);
  if (name.endsWith('.jsonl')) return jsonRows(file);
  return csvRows(file, name.endsWith('.tsv') ? '\t' : ',');
}

async function* csvRows(file: string, delimiter: string): AsyncGenerator<TableRow> {
  const parser = parse({ columns: true, bom: true, delimiter, max_record_size: longestRow, skip_empty_lines: true });
  const input = createReadStream(file);
  input.on('error', (error) => parser.destroy(error));
  try {
    yield* input.pipe(parser) as AsyncIterable<TableRow>;
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw unreadable(file, cause);
    throw badRow(file, cause.message, cause);
  } finally {
    input.destroy();
  }
}

async function* jsonRows(file: string): AsyncGenerator<TableRow> {
  for await (const lines of readLines(file, 'readRecords')) {
    for (const entry of lines) {
      if ('reason' in entry) throw badRow(file, `line ${entry.line}: ${entry.reason}`);
      let value: unknown;
      try {
        value = JSON.parse(entry.text);
      } catch (cause) {
        throw badRow(file, `line ${entry.line}: no JSON`, cause);
      }
      if (typeof value !== 'object' || value === null || Array.isArray(value)) {
        throw badRow(file, `line ${entry.line}: no JSON object`);
      }
      yield value as TableRow;
    }
  }
}

async function* parquetRows(file: string): AsyncGenerator<TableRow> {
  const thread = await openParquet(file, (reason) => unreadable(file, new Error(reason)), {
    megabytes: groupMegabytes,
  });
  try {
    for (let from: number | undefined = 0; from !== undefined; ) {
      const page: TablePage = await thread.rows(from);
      yield* page.rows;
      from = page.next;
    }
  } finally {
    thread.close();
  }
}

function badRow(file: string, got: string, cause?: unknown): UniecsError {
  return new UniecsError({
    code: 'data',
    where: 'readRecords',
    expected: `rows of a table in ${file}`,
    got,
    hint: 'correct the row',
    details: { file },
    cause,
  });
}

function unreadable(file: string, cause: unknown): UniecsError {
  return new UniecsError({
    code: 'file',
    where: 'readRecords',
    expected: `a table ${file} that can be read`,
    got: cause instanceof Error ? cause.message : String(cause),
    hint: 'check the path, and that the file is what its name says',
    details: { file },
    cause,
  });
}
