import { type ValueType, valueType } from './field-types.js';
import type { Comparison, Condition, Literal } from './where-syntax.js';

/** The quoted columns that hold a field's values, one for each type that the field has had. */
export type FieldColumns = (field: string) => ReadonlyMap<ValueType, string>;

const negation: Readonly<Record<Comparison, Comparison>> = {
  '=': '!=',
  '!=': '=',
  '<': '>=',
  '<=': '>',
  '>': '<=',
  '>=': '<',
};

/**
 * A checked filter as SQL (DataFusion's, which LanceDB speaks) with the meaning of `evaluateWhere`.
 *
 * Negation is moved down to the comparisons, which three-valued logic allows: nested NOTs take DataFusion exponential time. Its
 * parser also limits the depth of parentheses, so they stand only where they are needed, around an OR inside an AND.
 */
export function whereSql(condition: Condition, columns: FieldColumns): string {
  return sql(condition, columns, false).text;
}

/** A text literal. Backslashes mean themselves in this SQL. */
export function textLiteral(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A column name in quotes. */
export function quotedColumn(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}

/** A piece of SQL and whether an OR is its outermost operator. */
interface Piece {
  readonly text: string;
  readonly isOr: boolean;
}

function sql(condition: Condition, columns: FieldColumns, negated: boolean): Piece {
  switch (condition.kind) {
    case 'not':
      return sql(condition.condition, columns, !negated);
    case 'and':
    case 'or': {
      const pieces = condition.conditions.map((part) => sql(part, columns, negated));
      return joined((condition.kind === 'or') !== negated, pieces);
    }
    case 'null': {
      const test = negated ? 'IS NOT NULL' : 'IS NULL';
      const pieces = [...columns(condition.field.name).values()].map((column) => plain(`${column} ${test}`));
      return joined(negated, pieces);
    }
    case 'in': {
      // At most one of a record's columns is not null; unknown is as good as false where nothing negates it any more.
      const test = negated ? 'NOT IN' : 'IN';
      const pieces = [...columns(condition.field.name)].flatMap(([type, column]) => {
        const values = condition.operands.map(({ value }) => value).filter((value) => valueType(value) === type);
        return values.length === 0 ? [] : [plain(`${column} ${test} (${values.map(literal).join(', ')})`)];
      });
      return joined(true, pieces);
    }
    case 'compare': {
      const { field, comparison, operand } = condition;
      const column = columns(field.name).get(valueType(operand.value) as ValueType);
      return plain(`${column} ${negated ? negation[comparison] : comparison} ${literal(operand.value)}`);
    }
  }
}

function plain(text: string): Piece {
  return { text, isOr: false };
}

function joined(isOr: boolean, pieces: readonly Piece[]): Piece {
  if (pieces.length === 1) return pieces[0] as Piece;
  if (isOr) return { text: pieces.map(({ text }) => text).join(' OR '), isOr };
  return plain(pieces.map((piece) => (piece.isOr ? `(${piece.text})` : piece.text)).join(' AND '));
}

/** Booleans are kept as 0 and 1. Exponent notation makes every number a double: digits alone would be an integer, and overflow. */
function literal(value: Literal): string {
  if (typeof value === 'string') return textLiteral(value);
  return typeof value === 'number' ? value.toExponential() : String(Number(value));
}
