import type { MetadataValue } from '@uniecs/mbeer';
import type * as Arrow from 'apache-arrow';
import { addFieldType, type FieldTypes, type ValueType, valueType, valueTypes } from './field-types.js';
import type { LanceLibrary } from './lance-library.js';
import type { IndexRecord } from './search-index.js';
import { quotedColumn } from './where-sql.js';

/**
 * The column that holds a field's values of one type, null where a record has none: `number_price`, `text_colour%20name`. Letters,
 * digits and `_` stand for themselves, other characters as the percent-encoded bytes of their UTF-8, so a column names its field.
 */
export function fieldColumn(field: string, type: ValueType): string {
  const encoded = Buffer.from(field).toString('latin1');
  const name = encoded.replace(
    /[^A-Za-z0-9_]/g,
    (byte) => `%${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
  return `${type}_${name}`;
}

/** The fields and types that the columns of a table stand for. */
export function fieldTypesOf(columns: readonly string[]): Map<string, Set<ValueType>> {
  const fields = new Map<string, Set<ValueType>>();
  for (const column of columns) {
    const type = valueTypes.find((other) => column.startsWith(`${other}_`));
    if (type !== undefined) addFieldType(fields, decodeURIComponent(column.slice(type.length + 1)), type);
  }
  return fields;
}

/** The quoted columns of a field, by type. `id`, `title` and `image` are columns themselves. */
export function quotedFieldColumns(fields: FieldTypes, field: string): ReadonlyMap<ValueType, string> {
  const types = fields.get(field);
  if (types === undefined) return new Map([['text', quotedColumn(field)]]);
  return new Map([...types].map((type) => [type, quotedColumn(fieldColumn(field, type))]));
}

/** The columns that every table has: id, vector, title, image, and the metadata whole, as JSON. */
export function recordColumns({ arrow }: LanceLibrary, dimension: number): Arrow.Field[] {
  const { Field, FixedSizeList, Float32, Utf8 } = arrow;
  return [
    new Field('id', new Utf8(), false),
    new Field('vector', new FixedSizeList(dimension, new Field('item', new Float32(), true)), false),
    new Field('title', new Utf8(), true),
    new Field('image', new Utf8(), true),
    new Field('metadata', new Utf8(), false),
  ];
}

/**
 * The columns that filters on fields look at: Float64, Utf8, and Int8 (0 or 1) for booleans, since Arrow's JavaScript writes a Bool column
 * of nulls alone in a form that LanceDB refuses.
 */
export function metadataColumns({ arrow }: LanceLibrary, fields: FieldTypes): Arrow.Field[] {
  const types = { number: new arrow.Float64(), text: new arrow.Utf8(), boolean: new arrow.Int8() };
  return [...fields].flatMap(([field, set]) =>
    [...set].map((type) => new arrow.Field(fieldColumn(field, type), types[type], true)),
  );
}

/** Records as an Arrow table with a column for each field and type of `fields`. */
export function arrowTable(
  library: LanceLibrary,
  records: readonly IndexRecord[],
  dimension: number,
  fields: FieldTypes,
): Arrow.Table {
  const { RecordBatch, Schema, Struct, Table, makeData } = library.arrow;
  const schema = new Schema([...recordColumns(library, dimension), ...metadataColumns(library, fields)]);
  const text = (value: (record: IndexRecord) => string | undefined) => textData(library, records.map(value));
  const children: Arrow.Data[] = [
    text(({ id }) => id),
    vectorData(library, records, dimension),
    text(({ title }) => title),
    text(({ image }) => image),
    text(({ metadata }) => JSON.stringify(metadata)),
  ];
  for (const [field, types] of fields) {
    const values = records.map(({ metadata }) => (Object.hasOwn(metadata, field) ? metadata[field] : undefined));
    for (const type of types) children.push(fieldData(library, values, type));
  }
  const struct = makeData({ type: new Struct(schema.fields), length: records.length, nullCount: 0, children });
  return new Table(schema, new RecordBatch(schema, struct));
}

function vectorData({ arrow }: LanceLibrary, records: readonly IndexRecord[], dimension: number): Arrow.Data {
  const { Field, FixedSizeList, Float32, makeData } = arrow;
  const data = new Float32Array(records.length * dimension);
  records.forEach(({ vector }, row) => {
    data.set(vector, row * dimension);
  });
  const child = makeData({ type: new Float32(), length: data.length, nullCount: 0, data });
  const type = new FixedSizeList(dimension, new Field('item', new Float32(), true));
  return makeData({ type, length: records.length, nullCount: 0, child });
}

function textData({ arrow }: LanceLibrary, values: readonly (string | undefined)[]): Arrow.Data {
  return arrow.vectorFromArray(
    values.map((value) => value ?? null),
    new arrow.Utf8(),
  ).data[0] as Arrow.Data;
}

/** The values of one type, null for others. */
function fieldData(
  { arrow }: LanceLibrary,
  values: readonly (MetadataValue | undefined)[],
  type: ValueType,
): Arrow.Data {
  const own = values.map((value) => (valueType(value) === type ? value : null));
  const { Float64, Int8, Utf8, vectorFromArray } = arrow;
  if (type === 'text') return vectorFromArray(own, new Utf8()).data[0] as Arrow.Data;
  if (type === 'number') return vectorFromArray(own, new Float64()).data[0] as Arrow.Data;
  const bits = own.map((value) => (value === null ? null : Number(value)));
  return vectorFromArray(bits, new Int8()).data[0] as Arrow.Data;
}
