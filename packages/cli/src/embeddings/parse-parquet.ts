import type { ItemVectors } from '@uniecs/mbeer';
import { UniecsError } from '@uniecs/tensor';
import {
  type AsyncBuffer,
  asyncBufferFromFile,
  type FileMetaData,
  parquetMetadataAsync,
  parquetReadObjects,
  parquetSchema,
  type SchemaTree,
} from 'hyparquet';
import { compressors } from '../parquet/compressors.js';
import { badEmbeddings, unreadable } from './embeddings-error.js';
import { type View, type ViewMatrix, vectorsOf, views } from './vectors-of.js';

/**
 * Reads embeddings from Parquet, a row an item: `id` (text or whole number), any of `fused`, `image`, `text` as lists of floats, null
 * where the item lacks the modality.
 *
 * @throws UniecsError `data`, `file`, or `unsupported` for a compression that is not known
 */
export async function parseParquetEmbeddings(path: string): Promise<ItemVectors> {
  try {
    const file = await asyncBufferFromFile(path);
    const metadata = await parquetMetadataAsync(file);
    const columns = new Map(parquetSchema(metadata).children.map((column) => [column.element.name, column]));
    if (!columns.has('id')) {
      const got = [...columns.keys()].join(', ');
      throw badEmbeddings(`a column id in ${path}`, got, 'write the product ids as a column of that name');
    }
    const ids: string[] = [];
    await eachRow(file, metadata, 'id', (id, row) => {
      if (!['string', 'number', 'bigint'].includes(typeof id) || id === '') {
        throw badEmbeddings(`an id in each row of ${path}`, `${id} in row ${row}`, 'write texts or whole numbers');
      }
      ids.push(String(id));
    });
    const [matrices, present] = [new Map<View, ViewMatrix>(), new Map<View, Uint8Array>()];
    for (const view of views) {
      const column = columns.get(view);
      if (!column) continue;
      checkFloats(column, `${view} of ${path}`);
      const read = await readView(file, metadata, view, ids);
      if (!read) continue;
      matrices.set(view, read.matrix);
      present.set(view, read.has);
    }
    const [hasImage, hasText] = [present.get('image'), present.get('text')];
    return vectorsOf(ids, matrices, path, { ...(hasImage ? { hasImage } : {}), ...(hasText ? { hasText } : {}) });
  } catch (cause) {
    if (UniecsError.isInstance(cause)) throw cause;
    const codec = /unsupported compression codec: (\w+)/.exec(String(cause))?.[1];
    if (codec === undefined) throw unreadable(path, 'Parquet', cause);
    throw new UniecsError({
      code: 'unsupported',
      where: 'readEmbeddings',
      expected: `${path} without compression, or with snappy, gzip or brotli`,
      got: codec,
      hint: 'write it so, or use a Node that knows it (zstd: 22.15 or later)',
      details: { path, codec },
    });
  }
}

/** One view's lists as a matrix, zeros where there is none; nothing where no row has one. */
async function readView(file: AsyncBuffer, metadata: FileMetaData, view: View, ids: readonly string[]) {
  const has = new Uint8Array(ids.length);
  let [columns, data]: [number, Float32Array] = [0, new Float32Array(0)];
  await eachRow(file, metadata, view, (list, row) => {
    if (list === null || list === undefined) return;
    const values = list as ArrayLike<unknown>;
    if (columns === 0) {
      columns = values.length;
      data = new Float32Array(ids.length * columns);
    }
    if (values.length !== columns || columns === 0) {
      const got = `${values.length} in row ${row}, '${ids[row]}'`;
      throw badEmbeddings(`lists of ${columns || 'some'} numbers in ${view}`, got, 'write null where there is none');
    }
    for (let k = 0; k < columns; k++) {
      const value = values[k];
      if (typeof value !== 'number') {
        const got = `${value} in row ${row}, '${ids[row]}'`;
        throw badEmbeddings(`numbers in ${view}`, got, 'write null for the whole list where there is none');
      }
      data[row * columns + k] = value;
    }
    has[row] = 1;
  });
  return columns === 0 ? undefined : { matrix: { rows: ids.length, columns, data }, has };
}

/** The values of one column, a group of rows in memory at a time. */
async function eachRow(
  file: AsyncBuffer,
  metadata: FileMetaData,
  column: string,
  take: (value: unknown, row: number) => void,
): Promise<void> {
  let rowStart = 0;
  for (const { num_rows } of metadata.row_groups) {
    const rowEnd = rowStart + Number(num_rows);
    const rows = await parquetReadObjects({ file, metadata, columns: [column], rowStart, rowEnd, compressors });
    for (const [i, row] of rows.entries()) take(row[column], rowStart + i);
    rowStart = rowEnd;
  }
}

function checkFloats(column: SchemaTree, name: string): void {
  let leaf = column;
  while (leaf.children[0]) leaf = leaf.children[0];
  const { type, logical_type: logical } = leaf.element;
  const float = type === 'FLOAT' || type === 'DOUBLE' || logical?.type === 'FLOAT16';
  if (float && leaf !== column) return;
  const got = leaf === column ? `single values of ${type}` : `lists of ${type}`;
  throw badEmbeddings(`${name} to be lists of floats of 16, 32 or 64 bits`, got, 'write list<float>');
}
