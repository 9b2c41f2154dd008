import { createReadStream } from 'node:fs';
import { readLines } from '@uniecs/mbeer/node';
import { UniecsError } from '@uniecs/tensor';
import { CsvError, parse } from 'csv-parse';
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from 'hyparquet';
import { compressors } from '../embeddings/parse-parquet.js';

/** How a table's file may end. */
export const tableEndings = ['.csv', '.tsv', '.jsonl', '.parquet'] as const;

/** A row of a table: its fields by column. */
export type TableRow = Readonly<Record<string, unknown>>;

/** Longest row of a CSV file in bytes. */
const longestRow = 1 << 20;

/**
 * The rows of a table, one after the other, by the ending of the file's name: CSV (commas) and TSV with a header line, every value a text;
 * JSONL; Parquet, a group of rows in memory at a time, whole numbers as numbers where they are exact, else as text.
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
  try {
    const buffer = await asyncBufferFromFile(file);
    const metadata = await parquetMetadataAsync(buffer);
    let rowStart = 0;
    for (const { num_rows } of metadata.row_groups) {
      const rowEnd = rowStart + Number(num_rows);
      const rows = await parquetReadObjects({ file: buffer, metadata, rowStart, rowEnd, compressors });
      for (const row of rows) {
        yield Object.fromEntries(Object.entries(row).map(([name, value]) => [name, wholeNumber(value)]));
      }
      rowStart = rowEnd;
    }
  } catch (cause) {
    throw UniecsError.isInstance(cause) ? cause : unreadable(file, cause);
  }
}

function wholeNumber(value: unknown): unknown {
  if (typeof value !== 'bigint') return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
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
