import { seededRandom } from '@uniecs/tensor';
import { describe, expect, it } from 'vitest';
import { repeatedKey } from './repeated-key.js';

describe('the key that an object repeats', () => {
  it.each([
    ['{}', undefined],
    ['{"a":1,"b":2}', undefined],
    ['{"a":1,"a":2}', 'a'],
    [' { "a" : "x" , "b" : "a" , "b" : null } ', 'b'],
    ['{"a":"\\"a\\":1,\\"a\\":2"}', undefined],
    ['{"a":{"a":1,"a":2},"b":[{"a":1},"a"]}', undefined],
    ['{"a":["b","b"],"b":{"c":"a"},"a":0}', 'a'],
    ['{"i\\u0064":1,"id":2}', 'id'],
    ['{"\\\\":1,"\\"":2,"\\\\":3}', '\\'],
    ['{"":1,"":2}', ''],
    ['{"__proto__":1,"__proto__":2}', '__proto__'],
  ])('of %s is %s', (text, key) => {
    JSON.parse(text);
    expect(repeatedKey(text)).toBe(key);
  });

  it('is there where the keys that were written are more than those that were read', () => {
    const random = seededRandom(5);
    for (let round = 0; round < 500; round++) {
      const keys = Array.from({ length: random.integer(6) }, () => 'ab"\\\u00e9{,:['[random.integer(9)] as string);
      const value = () => ['1', '"x:,{\\""', '{"a":[1]}', '[{"a":1}]', 'null'][random.integer(5)];
      const text = `{${keys.map((key) => `${JSON.stringify(key)} : ${value()}`).join(' , ')}}`;
      const read = Object.keys(JSON.parse(text)).length;
      expect(repeatedKey(text) !== undefined, text).toBe(read < keys.length);
    }
  });
});
