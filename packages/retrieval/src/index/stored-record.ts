import type { MetadataValue } from '@uniecs/mbeer';
import { UniecsError } from '@uniecs/tensor';
import { recordFields } from './field-types.js';
import type { IndexRecord } from './search-index.js';
import { unitVector } from './unit-vector.js';

const loneSurrogate = /\p{Surrogate}/u;
const loneSurrogates = /\p{Surrogate}/gu;
const where = 'index.add';

/**
 * Checks records and copies them into the form in which every store keeps them: unit vectors, text that UTF-8 can hold (half a
 * surrogate pair in a title, image or value becomes U+FFFD), 0 for -0.
 *
 * @throws UniecsError as `SearchIndex.add`
 */
export function storedRecords(records: readonly IndexRecord[], dimension: number): IndexRecord[] {
  const ids = new Set<string>();
  return records.map((record, position) => {
    const stored = storedRecord(record, position, dimension);
    if (ids.has(stored.id)) {
      throw fault('each id once', `'${stored.id}' twice in one call`, 'keep one of the two records', stored.id);
    }
    ids.add(stored.id);
    return stored;
  });
}

function storedRecord(record: IndexRecord, position: number, dimension: number): IndexRecord {
  const { id, vector, title, image, metadata } = record;
  if (typeof id !== 'string' || id === '' || loneSurrogate.test(id)) {
    const got = typeof id === 'string' ? JSON.stringify(id) : describe(id);
    throw fault(`text that is not empty as the id of record ${position}`, got, 'give every record an id');
  }
  return {
    id,
    vector: unitVector(vector, dimension, where, `the vector of '${id}'`),
    ...optionalText('title', title, id),
    ...optionalText('image', image, id),
    metadata: storedMetadata(metadata, id),
  };
}

function optionalText(name: 'title' | 'image', value: string | undefined, id: string): Partial<IndexRecord> {
  if (value === undefined) return {};
  if (typeof value !== 'string') {
    throw fault(`text or nothing as the ${name} of '${id}'`, describe(value), 'leave out what the item lacks', id);
  }
  return { [name]: wellFormed(value) };
}

function storedMetadata(metadata: IndexRecord['metadata'], id: string): IndexRecord['metadata'] {
  if (typeof metadata !== 'object' || metadata === null || Array.isArray(metadata)) {
    throw fault(`an object as the metadata of '${id}'`, describe(metadata), 'pass {} where there is none', id);
  }
  const entries = Object.entries(metadata).map(([field, value]): [string, MetadataValue] => {
    if (recordFields.includes(field)) {
      throw fault(`metadata of '${id}' without ${recordFields.join(', ')}`, `'${field}'`, 'rename the field', id);
    }
    if (loneSurrogate.test(field)) {
      throw fault(`well-formed field names in '${id}'`, JSON.stringify(field), 'rename the field', id);
    }
    return [field, storedValue(field, value, id)];
  });
  return Object.freeze(Object.fromEntries(entries));
}

function storedValue(field: string, value: MetadataValue, id: string): MetadataValue {
  if (typeof value === 'string') return wellFormed(value);
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value === 0 ? 0 : value;
  throw fault(
    `text, a finite number, true, false or null as '${field}' of '${id}'`,
    typeof value === 'number' ? String(value) : describe(value),
    'convert it or leave it out',
    id,
  );
}

function wellFormed(text: string): string {
  return text.replace(loneSurrogates, '\ufffd');
}

function describe(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : typeof value;
}

function fault(expected: string, got: string, hint: string, id?: string): UniecsError {
  return new UniecsError({ code: 'data', where, expected, got, hint, details: id === undefined ? {} : { id } });
}
