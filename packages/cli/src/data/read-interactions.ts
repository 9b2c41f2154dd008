import type { Interaction } from '@uniecs/mbeer';
import { UniecsError } from '@uniecs/tensor';
import { readRecords, type TableRow } from './read-records.js';

/** Which columns of a log hold what; default the first of the usual names that the first row has. */
export interface InteractionColumns {
  readonly user?: string | undefined;
  readonly item?: string | undefined;
}

const usualNames = {
  user: ['user', 'user_id', 'session', 'session_id'],
  item: ['item', 'item_id', 'product', 'product_id', 'id'],
} as const;

/**
 * The interactions of a log (CSV, TSV, JSONL or Parquet), in its order; nothing but the row at work is held.
 *
 * @throws UniecsError `data` where a column is missing, or a row lacks a value; as `readRecords`
 */
export async function* readInteractions(file: string, columns: InteractionColumns = {}): AsyncGenerator<Interaction> {
  let names: { readonly user: string; readonly item: string } | undefined;
  let row = 0;
  for await (const record of readRecords(file)) {
    row++;
    names ??= { user: columnOf('user', record, file, columns), item: columnOf('item', record, file, columns) };
    yield { user: fieldValue(record, names.user, file, row), item: fieldValue(record, names.item, file, row) };
  }
  if (row === 0) throw fault(`interactions in ${file}`, 'none', 'check that this is the right file', file);
}

function columnOf(what: 'user' | 'item', record: TableRow, file: string, columns: InteractionColumns): string {
  const wanted = columns[what];
  const found = (wanted === undefined ? usualNames[what] : [wanted]).find((name) => Object.hasOwn(record, name));
  if (found !== undefined) return found;
  const expected = `a column ${wanted ?? usualNames[what].join(', ')} in ${file}`;
  throw fault(expected, Object.keys(record).join(', '), `name it with --${what}-column`, file);
}

function fieldValue(record: TableRow, column: string, file: string, row: number): string {
  const value = record[column];
  if (typeof value === 'string' && value !== '') return value;
  if (typeof value === 'number') return String(value);
  throw fault(
    `a text or whole number in each row of ${file}`,
    `${column} ${JSON.stringify(value)} in row ${row}`,
    'correct or leave out that row',
    file,
  );
}

function fault(expected: string, got: string, hint: string, file: string): UniecsError {
  return new UniecsError({ code: 'data', where: 'readInteractions', expected, got, hint, details: { file } });
}
