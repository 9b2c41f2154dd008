import type { MetadataValue } from '@uniecs/mbeer';

/** The types of values that filters tell apart. */
export type ValueType = 'number' | 'text' | 'boolean';

/** Every type, in the order in which they are listed. */
export const valueTypes: readonly ValueType[] = ['number', 'text', 'boolean'];

/** The types that each field's values have had. A field of nothing but nulls is not among them. */
export type FieldTypes = ReadonlyMap<string, ReadonlySet<ValueType>>;

/** The fields of a record that filters see beside its metadata; all are text. */
export const recordFields: readonly string[] = ['id', 'title', 'image'];

/** The type of a value; undefined for null or a missing one. */
export function valueType(value: MetadataValue | undefined): ValueType | undefined {
  switch (typeof value) {
    case 'number':
      return 'number';
    case 'string':
      return 'text';
    case 'boolean':
      return 'boolean';
    default:
      return undefined;
  }
}

/** The field types of some records' metadata that `known` lacks. */
export function newFieldTypes(
  known: FieldTypes,
  records: readonly { readonly metadata: Readonly<Record<string, MetadataValue>> }[],
): FieldTypes {
  const found = new Map<string, Set<ValueType>>();
  for (const { metadata } of records) {
    for (const [field, value] of Object.entries(metadata)) {
      const type = valueType(value);
      if (type !== undefined && !known.get(field)?.has(type)) addFieldType(found, field, type);
    }
  }
  return found;
}

/** Notes that a field has had a value of a type. */
export function addFieldType(types: Map<string, Set<ValueType>>, field: string, type: ValueType): void {
  const set = types.get(field);
  if (set) set.add(type);
  else types.set(field, new Set([type]));
}
