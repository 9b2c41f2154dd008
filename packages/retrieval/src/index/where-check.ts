import { type FieldTypes, type ValueType, valueType } from './field-types.js';
import { whereError } from './where-error.js';
import type { Condition, FieldReference, Operand } from './where-syntax.js';

/** Fields that an error lists at most. */
const listed = 20;

/**
 * Checks a filter against the fields of an index: each is known, and each value is of a type that its field has had (otherwise the
 * filter could never be true). Booleans have no order.
 *
 * @param text the filter as written
 * @throws UniecsError `argument`, the place marked
 */
export function checkWhere(text: string, condition: Condition, fields: FieldTypes): void {
  switch (condition.kind) {
    case 'and':
    case 'or':
      for (const part of condition.conditions) checkWhere(text, part, fields);
      return;
    case 'not':
      checkWhere(text, condition.condition, fields);
      return;
    case 'null':
      typesOf(text, condition.field, fields);
      return;
    case 'in':
      for (const operand of condition.operands) checkOperand(text, condition.field, operand, fields);
      return;
    case 'compare': {
      const { field, comparison, operand } = condition;
      checkOperand(text, field, operand, fields);
      if (typeof operand.value === 'boolean' && comparison !== '=' && comparison !== '!=') {
        throw whereError(
          text,
          operand.at,
          `= or != before ${operand.value}`,
          comparison,
          'true and false have no order',
        );
      }
    }
  }
}

function checkOperand(text: string, field: FieldReference, { value, at }: Operand, fields: FieldTypes): void {
  const types = typesOf(text, field, fields);
  const type = valueType(value) as ValueType;
  if (types.has(type)) return;
  const expected = `${[...types].map(named).join(' or ')} for '${field.name}'`;
  const advice = type === 'text' ? undefined : types.has('text') ? 'put text in quotes' : undefined;
  throw whereError(text, at, expected, `${named(type)} ${type === 'boolean' ? value : JSON.stringify(value)}`, advice);
}

function typesOf(text: string, { name, at }: FieldReference, fields: FieldTypes): ReadonlySet<ValueType> {
  const types = fields.get(name);
  if (types) return types;
  const names = [...fields.keys()];
  const similar = names.find((other) => other.toLowerCase() === name.toLowerCase());
  const list = `the fields are ${names.slice(0, listed).join(', ')}${names.length > listed ? ', …' : ''}`;
  throw whereError(text, at, 'a field of this index', `'${name}'`, similar ? `did you mean ${similar}?` : list);
}

function named(type: ValueType): string {
  return type === 'number' ? 'a number' : type === 'boolean' ? 'a boolean' : 'text';
}
