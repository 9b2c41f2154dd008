import { whereError } from './where-error.js';
import type { Comparison, Condition, FieldReference, Operand } from './where-syntax.js';
import { type Keyword, type Punctuation, type Token, whereTokens } from './where-tokens.js';

/** Longest filter, in characters, and deepest parentheses: what every store's own parser takes. */
export const filterLimits = { length: 100_000, depth: 16 } as const;

const comparisons: Readonly<Partial<Record<Punctuation, Comparison>>> = {
  '=': '=',
  '==': '=',
  '!=': '!=',
  '<>': '!=',
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>=',
};

/** The comparison with its two sides exchanged. */
const mirrored: Readonly<Record<Comparison, Comparison>> = {
  '=': '=',
  '!=': '!=',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
};

/**
 * Parses a filter: comparisons of a field with a value (`= == != <> < <= > >=`, the value on either side), `field in (…)`,
 * `field not in (…)`, `field is null`, `field is not null`, a boolean field alone; joined by `not`, `and`, `or` (in this order of
 * precedence) and parentheses. Keywords in any case, field names in their own.
 *
 * @throws UniecsError `argument` saying what was expected where, with the place marked
 */
export function parseWhere(text: string): Condition {
  if (text.length > filterLimits.length) {
    throw whereError(text, filterLimits.length, `at most ${filterLimits.length} characters`, `${text.length}`);
  }
  const tokens = whereTokens(text);
  let next = 0;
  let depth = 0;

  const peek = (): Token => tokens[next] as Token;
  const take = (): Token => tokens[next++] as Token;
  const isKeyword = (token: Token, ...words: Keyword[]) => token.kind === 'keyword' && words.includes(token.keyword);
  const isSymbol = (token: Token, symbol: Punctuation) => token.kind === 'symbol' && token.symbol === symbol;
  const fault = (token: Token, expected: string, advice?: string) =>
    whereError(text, token.at, expected, token.kind === 'end' ? 'the end' : `'${token.source}'`, advice);

  function parseJoined(kind: 'and' | 'or', parsePart: () => Condition): Condition {
    const conditions = [parsePart()];
    while (isKeyword(peek(), kind)) {
      take();
      conditions.push(parsePart());
    }
    return conditions.length === 1 ? (conditions[0] as Condition) : { kind, conditions };
  }

  const parseOr = () => parseJoined('or', parseAnd);
  const parseAnd = () => parseJoined('and', parseNot);

  function parseNot(): Condition {
    let negated = false;
    while (isKeyword(peek(), 'not')) {
      take();
      negated = !negated;
    }
    const condition = parseSimple();
    return negated ? { kind: 'not', condition } : condition;
  }

  function parseSimple(): Condition {
    const token = take();
    if (isSymbol(token, '(')) return parseParentheses(token);
    if (token.kind === 'name') return parseTest({ name: token.name, at: token.at });
    const operand = asOperand(token);
    if (operand === undefined) throw fault(token, 'a field', nullAdvice(token));
    const operator = take();
    const comparison = asComparison(operator);
    if (comparison === undefined) throw fault(operator, `a comparison of ${token.source} with a field`);
    const field = take();
    if (field.kind !== 'name') throw fault(field, 'a field', 'compare a field with a value');
    return { kind: 'compare', field: { name: field.name, at: field.at }, comparison: mirrored[comparison], operand };
  }

  function parseParentheses(open: Token): Condition {
    if (++depth > filterLimits.depth) throw fault(open, `parentheses at most ${filterLimits.depth} deep`);
    const condition = parseOr();
    const close = take();
    if (!isSymbol(close, ')')) throw fault(close, "')', 'and' or 'or'");
    depth--;
    return condition;
  }

  function parseTest(field: FieldReference): Condition {
    const operator = peek();
    const comparison = asComparison(operator);
    if (comparison !== undefined) {
      take();
      return { kind: 'compare', field, comparison, operand: parseOperand() };
    }
    if (isKeyword(operator, 'is')) {
      take();
      const negated = isKeyword(peek(), 'not');
      if (negated) take();
      const word = take();
      if (!isKeyword(word, 'null')) throw fault(word, negated ? "'null'" : "'null' or 'not null'");
      return negated ? { kind: 'not', condition: { kind: 'null', field } } : { kind: 'null', field };
    }
    if (isKeyword(operator, 'in')) return parseIn(field);
    if (isKeyword(operator, 'not')) {
      take();
      if (!isKeyword(peek(), 'in')) throw fault(peek(), "'in' after 'not'", 'negate a comparison from its left');
      return { kind: 'not', condition: parseIn(field) };
    }
    if (operator.kind === 'end' || isKeyword(operator, 'and', 'or') || isSymbol(operator, ')')) {
      return { kind: 'compare', field, comparison: '=', operand: { value: true, at: field.at } };
    }
    throw fault(operator, `an operator after '${field.name}': = != < <= > >= in, not in, is null`);
  }

  function parseIn(field: FieldReference): Condition {
    take();
    const open = take();
    if (!isSymbol(open, '(')) throw fault(open, "'(' and a list of values after 'in'");
    const operands = [parseOperand()];
    for (;;) {
      const token = take();
      if (isSymbol(token, ')')) return { kind: 'in', field, operands };
      if (!isSymbol(token, ',')) throw fault(token, "',' or ')'");
      operands.push(parseOperand());
    }
  }

  function parseOperand(): Operand {
    const token = take();
    const operand = asOperand(token);
    if (operand !== undefined) return operand;
    const advice =
      token.kind === 'name' ? 'put text in quotes; a field is compared with a value only' : nullAdvice(token);
    throw fault(token, 'a value: text in quotes, a number, true or false', advice);
  }

  function nullAdvice(token: Token): string | undefined {
    return isKeyword(token, 'null') ? 'nothing equals null: write `field is null` or `field is not null`' : undefined;
  }

  const condition = parseOr();
  const rest = take();
  if (rest.kind !== 'end') throw fault(rest, "'and', 'or' or the end");
  return condition;
}

function asComparison(token: Token): Comparison | undefined {
  return token.kind === 'symbol' ? comparisons[token.symbol] : undefined;
}

function asOperand(token: Token): Operand | undefined {
  if (token.kind === 'text' || token.kind === 'number') return { value: token.value, at: token.at };
  if (token.kind !== 'keyword' || (token.keyword !== 'true' && token.keyword !== 'false')) return undefined;
  return { value: token.keyword === 'true', at: token.at };
}
