import type { MetadataValue } from '@uniecs/mbeer';
import { compareText } from './compare-text.js';
import type { Comparison, Condition, Literal } from './where-syntax.js';

/** SQL's truth values: null is unknown. */
export type Truth = boolean | null;

/**
 * Evaluates a filter for one record, in three-valued logic: a comparison with a missing field, a null or a value of another type is
 * unknown, so is its negation, and only a record for which the whole is true passes.
 *
 * @param field the record's value of a field; undefined and null are the same
 */
export function evaluateWhere(condition: Condition, field: (name: string) => MetadataValue | undefined): Truth {
  switch (condition.kind) {
    case 'and':
      return joined(condition.conditions, field, false);
    case 'or':
      return joined(condition.conditions, field, true);
    case 'not': {
      const truth = evaluateWhere(condition.condition, field);
      return truth === null ? null : !truth;
    }
    case 'null':
      return (field(condition.field.name) ?? null) === null;
    case 'in': {
      const value = field(condition.field.name) ?? null;
      const alike = condition.operands.filter((operand) => typeof operand.value === typeof value);
      return alike.length === 0 ? null : alike.some((operand) => operand.value === value);
    }
    case 'compare':
      return compare(field(condition.field.name) ?? null, condition.comparison, condition.operand.value);
  }
}

/** `and` is false as soon as one part is false, `or` true as soon as one is true; else unknown if one is unknown. */
function joined(
  parts: readonly Condition[],
  field: (name: string) => MetadataValue | undefined,
  decisive: boolean,
): Truth {
  let result: Truth = !decisive;
  for (const part of parts) {
    const truth = evaluateWhere(part, field);
    if (truth === decisive) return decisive;
    if (truth === null) result = null;
  }
  return result;
}

function compare(value: MetadataValue, comparison: Comparison, literal: Literal): Truth {
  if (typeof value !== typeof literal) return null;
  const order = typeof value === 'string' ? compareText(value, literal as string) : Number(value) - Number(literal);
  switch (comparison) {
    case '=':
      return order === 0;
    case '!=':
      return order !== 0;
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    case '>=':
      return order >= 0;
  }
}
