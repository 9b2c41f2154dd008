import { describe, expect, it } from 'vitest';
import { choices, shares, wholeNumbers } from './list-parsers.js';

describe('lists with commas between', () => {
  it('of names, whole numbers and shares, blanks around them or not', () => {
    expect(choices(['on', 'off'])('off, on')).toEqual(['off', 'on']);
    expect(wholeNumbers(0)('7,8 ,0')).toEqual([7, 8, 0]);
    expect(shares('0,.25, 1')).toEqual([0, 0.25, 1]);
  });

  it.each([
    ['a name that there is not', () => choices(['concat', 'tokens'])('token'), 'Did you mean tokens?'],
    ['a name twice', () => choices(['on', 'off'])('on,on'), 'on stands there twice.'],
    ['nothing between two commas', () => choices(['on', 'off'])('on,,off'), 'Choose on or off.'],
    ['a seed that is none', () => wholeNumbers(0)('7,-1'), 'Expected a whole number from 0.'],
    ['a share above 1', () => shares('0,1.1'), 'Expected numbers from 0 to 1 with commas between.'],
    ['no number', () => shares('0,,1'), 'Expected numbers from 0 to 1 with commas between.'],
  ])('refuse %s', (_, parse, complaint) => {
    expect(parse).toThrow(complaint);
  });
});
