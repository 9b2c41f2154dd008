import { UniecsError } from '@uniecs/tensor';
import { describe, expect, it } from 'vitest';
import { parseWhere } from './where-parser.js';
import type { Condition } from './where-syntax.js';

/** A condition written out with every parenthesis. */
function shown(condition: Condition): string {
  switch (condition.kind) {
    case 'and':
    case 'or':
      return `(${condition.conditions.map(shown).join(` ${condition.kind} `)})`;
    case 'not':
      return `!${shown(condition.condition)}`;
    case 'null':
      return `null:${condition.field.name}`;
    case 'in':
      return `${condition.field.name}:${JSON.stringify(condition.operands.map(({ value }) => value))}`;
    case 'compare':
      return `${condition.field.name}${condition.comparison}${JSON.stringify(condition.operand.value)}`;
  }
}

function faultOf(text: string): UniecsError {
  try {
    parseWhere(text);
  } catch (error) {
    if (UniecsError.isInstance(error)) return error;
    throw error;
  }
  throw new Error(`no fault in ${text}`);
}

describe('parseWhere', () => {
  it.each([
    ['a = 1', 'a=1'],
    ['a == 1', 'a=1'],
    ['a <> 1', 'a!=1'],
    ['1 < a', 'a>1'],
    ['1>=a', 'a<=1'],
    ["'x' != a", 'a!="x"'],
    ['a>-5', 'a>-5'],
    ['a<-.5e1 and a>+2.', '(a<-5 and a>2)'],
    ['a = -0', 'a=0'],
    ['a = 1 or b = 2 and not c = 3', '(a=1 or (b=2 and !c=3))'],
    ['(a = 1 or b = 2) and c = 3', '((a=1 or b=2) and c=3)'],
    ['not a = 1 and b = 2', '(!a=1 and b=2)'],
    ['not not not a = 1', '!a=1'],
    ['NOT (a = 1 OR b IS NULL)', '!(a=1 or null:b)'],
    ['((((a = 1))))', 'a=1'],
    ["a in (1, 'x', true, -2)", 'a:[1,"x",true,-2]'],
    ['a Not In (1)', '!a:[1]'],
    ['a is not null', '!null:a'],
    ['a', 'a=true'],
    ['a and not b', '(a=true and !b=true)'],
    ['(a)', 'a=true'],
    ['`in` = 1 and `a b` = 2 and `x``y` = 3', '(in=1 and a b=2 and x`y=3)'],
    ['größe = 1 and 価格 > 2 and _x1 = 3', '(größe=1 and 価格>2 and _x1=3)'],
    ["a = 'it''s'", 'a="it\'s"'],
    [String.raw`a = 'it\'s\n\\ \u00e9 \t\r\"'`, String.raw`a="it's\n\\ é \t\r\""`],
    [`a = "it's ""x"""`, String.raw`a="it's \"x\""`],
    ["a = ''", 'a=""'],
    ["a='and'or b='x'", '(a="and" or b="x")'],
  ])('reads %s', (text, expected) => {
    expect(shown(parseWhere(text))).toBe(expected);
  });

  it.each([
    ['', 0, 'a field', 'the end'],
    ['price <', 7, 'a value', 'the end'],
    ['price < < 5', 8, 'a value', "'<'"],
    ['price < list_price', 8, 'a value', "'list_price'"],
    ['price 5', 6, 'an operator', "'5'"],
    ['price & 5', 6, 'a field, a value or an operator', "'&'"],
    ['price = 5 brand = 1', 10, "'and', 'or' or the end", "'brand'"],
    ['1 < price < 5', 10, "'and', 'or' or the end", "'<'"],
    ['(price = 5', 10, "')', 'and' or 'or'", 'the end'],
    ['price = 5)', 9, "'and', 'or' or the end", "')'"],
    ['price = null', 8, 'a value', "'null'"],
    ['price in (null)', 10, 'a value', "'null'"],
    ['price in ()', 10, 'a value', "')'"],
    ['price in (1 2)', 12, "',' or ')'", "'2'"],
    ['price in 1', 9, "'('", "'1'"],
    ['price is 5', 9, "'null' or 'not null'", "'5'"],
    ['price not 5', 10, "'in'", "'5'"],
    ["brand = 'abc", 8, "a closing '", 'the end of the filter'],
    [String.raw`brand = 'a\d'`, 10, 'one of', String.raw`'\d'`],
    ['price = 12abc', 8, 'a number', "'12abc'"],
    ['price = 1.2.3', 8, 'a number', "'1.2.3'"],
    ['price = 1e999', 8, 'a number below', '1e999'],
    ['5 = 5', 4, 'a field', "'5'"],
    ["'price'", 7, 'a comparison', 'the end'],
    ['true', 4, 'a comparison', 'the end'],
    ['and', 0, 'a field', "'and'"],
    [`${'('.repeat(17)}a${')'.repeat(17)}`, 16, 'parentheses at most 16 deep', "'('"],
    ['a = 1 or '.repeat(20_000), 100_000, 'at most 100000 characters', '180000'],
  ])('says what is wrong with %s', (text, position, expected, got) => {
    const { code, details, ...error } = faultOf(text);
    expect([code, details.position]).toEqual(['argument', position]);
    expect([error.expected, error.got]).toEqual([expect.stringContaining(expected), expect.stringContaining(got)]);
  });

  it('marks the place, under wide characters too, and shows only what is near', () => {
    expect(faultOf('price < 5 and\tcolour ~ 3').message).toBe(
      "where: expected a field, a value or an operator, got '~'; join conditions with and, or, not; at character 22 of the filter\n" +
        '  price < 5 and colour ~ 3\n' +
        '                       ^',
    );
    expect(faultOf("色='赤' ~").message.split('\n').slice(1)).toEqual(["  色='赤' ~", '          ^']);
    const [line = '', caret = ''] = faultOf(`${'a = 1 and '.repeat(50)}~${' or b = 2'.repeat(50)}`)
      .message.split('\n')
      .slice(1);
    expect(line).toHaveLength(2 + 1 + 40 + 40 + 1);
    expect([line[0], line[2], line[caret.length - 1], line.at(-1)]).toEqual([' ', '…', '~', '…']);
  });

  it('does not mistake names of objects for escapes or operators', () => {
    expect(shown(parseWhere('constructor = 1 and `__proto__` is null'))).toBe('(constructor=1 and null:__proto__)');
    expect(faultOf(String.raw`a = '\constructor'`).got).toBe(String.raw`'\c'`);
  });
});
