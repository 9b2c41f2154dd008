import { UniecsError } from '@uniecs/tensor';
import { readSafetensors, writeSafetensors } from '@uniecs/tensor/node';
import { addFieldType, type FieldTypes, type ValueType, valueTypes } from './field-types.js';
import { indexFormat, indexFormatVersion, requireFormat } from './index-format.js';
import type { IndexRecord } from './search-index.js';

/** A record without its vector. */
export type RecordBody = Omit<IndexRecord, 'vector'>;

/** What an exact index holds. */
export interface ExactContent {
  readonly dimension: number;
  readonly model: string;
  readonly fields: FieldTypes;
  /** N records; the vector of record i is row i. */
  readonly bodies: readonly RecordBody[];
  /** `[N, D]` row-major; may be longer than the rows in use. */
  readonly vectors: Float32Array;
}

/**
 * Writes an exact index as one safetensors file, atomically: `vectors`, F32 `[N, D]`, and `records`, U8, the N records as lines of JSON
 * (`id`, `title`, `image`, `metadata`) in UTF-8.
 *
 * @throws UniecsError `file`
 */
export async function writeExactFile(path: string, content: ExactContent): Promise<void> {
  const { dimension, model, fields, bodies, vectors } = content;
  const lines = jsonLines(bodies);
  await writeSafetensors(
    path,
    new Map([
      [
        'vectors',
        { dtype: 'F32', shape: [bodies.length, dimension], data: vectors.subarray(0, bodies.length * dimension) },
      ],
      ['records', { dtype: 'U8', shape: [lines.length], data: lines }],
    ]),
    {
      format: indexFormat,
      version: String(indexFormatVersion),
      store: 'exact',
      model,
      fields: JSON.stringify([...fields].map(([field, types]) => [field, [...types]])),
    },
  );
}

/**
 * Reads an exact index.
 *
 * @throws UniecsError `file` where the file is missing, damaged or no index, `unsupported` for a later version's
 */
export async function readExactFile(path: string): Promise<ExactContent> {
  const { tensors, metadata } = await readSafetensors(path);
  requireFormat(path, metadata.format, metadata.version);
  const damaged = (got: string, cause?: unknown) =>
    new UniecsError({
      code: 'file',
      where: 'openIndex',
      expected: `a whole index in ${path}`,
      got,
      hint: 'the file is damaged: build the index again',
      details: { path },
      ...(cause === undefined ? {} : { cause }),
    });
  const vectors = tensors.get('vectors');
  const records = tensors.get('records');
  if (vectors?.dtype !== 'F32' || vectors.shape.length !== 2) throw damaged("no F32 [N, D] tensor 'vectors'");
  if (records?.dtype !== 'U8' || records.shape.length !== 1) throw damaged("no U8 [bytes] tensor 'records'");
  const [rows, dimension] = vectors.shape as [number, number];
  if (vectors.data.some((x) => !Number.isFinite(x))) throw damaged('a vector with NaN or Inf');
  let bodies: RecordBody[];
  let fields: FieldTypes;
  try {
    bodies = parseLines(records.data);
    fields = parseFields(metadata.fields ?? '[]');
  } catch (cause) {
    throw damaged(cause instanceof Error ? cause.message : String(cause), cause);
  }
  if (bodies.length !== rows) throw damaged(`${rows} vectors and ${bodies.length} records`);
  if (new Set(bodies.map(({ id }) => id)).size !== rows) throw damaged('an id twice');
  return { dimension, model: metadata.model ?? '', fields, bodies, vectors: vectors.data };
}

function jsonLines(bodies: readonly RecordBody[]): Uint8Array {
  const lines = bodies.map((body) => Buffer.from(`${JSON.stringify(body)}\n`));
  return new Uint8Array(Buffer.concat(lines));
}

/** Line by line: the whole could be longer than JavaScript's longest string. */
function parseLines(bytes: Uint8Array): RecordBody[] {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const bodies: RecordBody[] = [];
  for (let start = 0; start < bytes.length; ) {
    const newline = bytes.indexOf(10, start);
    const end = newline < 0 ? bytes.length : newline;
    const body: RecordBody = JSON.parse(decoder.decode(bytes.subarray(start, end)));
    if (typeof body?.id !== 'string' || typeof body.metadata !== 'object' || body.metadata === null) {
      throw new Error(`record ${bodies.length} without id or metadata`);
    }
    bodies.push({ ...body, metadata: Object.freeze(body.metadata) });
    start = end + 1;
  }
  return bodies;
}

function parseFields(json: string): FieldTypes {
  const fields = new Map<string, Set<ValueType>>();
  for (const [field, types] of JSON.parse(json) as [string, string[]][]) {
    for (const type of valueTypes) if (types.includes(type)) addFieldType(fields, field, type);
  }
  return fields;
}
