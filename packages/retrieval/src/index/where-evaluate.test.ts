import type { MetadataValue } from '@uniecs/mbeer';
import { describe, expect, it } from 'vitest';
import { evaluateWhere } from './where-evaluate.js';
import { parseWhere } from './where-parser.js';

const fields: Readonly<Record<string, MetadataValue>> = {
  t: true,
  f: false,
  n: null,
  five: 5,
  text: 'b',
  wide: '\uff01',
};
const truth = (text: string) => evaluateWhere(parseWhere(text), (name) => fields[name]);

describe('evaluateWhere', () => {
  it("joins by SQL's three-valued tables", () => {
    const table = ['t', 'f', 'u'].flatMap((a) =>
      ['t', 'f', 'u'].map((b) => [truth(`${a} and ${b}`), truth(`${a} or ${b}`)]),
    );
    expect(table).toEqual([
      [true, true],
      [false, true],
      [null, true],
      [false, true],
      [false, false],
      [false, null],
      [null, true],
      [false, null],
      [null, null],
    ]);
    expect(['not t', 'not f', 'not u', 'not n'].map(truth)).toEqual([false, true, null, null]);
  });

  it.each([
    ['five = 5', true],
    ['five != 5', false],
    ['five < 5', false],
    ['five <= 5', true],
    ['4.9 < five', true],
    ["five = '5'", null],
    ["not five = '5'", null],
    ['missing = 5', null],
    ['n != 5', null],
    ["text > 'a' and text < 'c' and text >= 'b'", true],
    ["text < 'B'", false],
    ["wide < '😀'", true],
    ['f != true', true],
    ['five in (1, 5)', true],
    ["five in (1, 'x')", false],
    ["five in ('x')", null],
    ["five not in ('x', 1)", true],
    ['n in (1)', null],
    ['n not in (1)', null],
    ['n is null', true],
    ['missing is null', true],
    ['five is null', false],
    ['not five is not null', false],
  ])('%s is %s', (text, expected) => {
    expect(truth(text)).toBe(expected);
  });
});
