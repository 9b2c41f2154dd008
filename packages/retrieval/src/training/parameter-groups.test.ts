import { expect, it } from 'vitest';
import { parameterGroups } from './parameter-groups.js';

const names = ['image_encoder.a', 'text_encoder.b', 'fusion.c', 'fusion.d', 'terms.X.t'];

it('trains all with the factor 1 where nothing is said', () => {
  expect(parameterGroups(names, [], {})).toEqual({ frozen: new Set(), factors: new Map(names.map((n) => [n, 1])) });
});

it('freezes what patterns mean; of several factors the last one counts', () => {
  const { frozen, factors } = parameterGroups(names, ['image_encoder', 'terms'], { encoders: 0.1, '*': 2, '*.d': 3 });
  expect([...frozen]).toEqual(['image_encoder.a', 'terms.X.t']);
  expect([...factors]).toEqual([
    ['text_encoder.b', 2],
    ['fusion.c', 2],
    ['fusion.d', 3],
  ]);
});

it.each<[string, readonly string[], Record<string, number>, string]>([
  ['a pattern that means none', ['fusoin'], {}, 'fusoin'],
  ['a factor for none', [], { fusoin: 2 }, 'fusoin'],
  ['a factor for what is frozen', ['encoders'], { image_encoder: 0.1 }, 'all of which is frozen'],
  ['nothing left to train', ['encoders', 'fusion', 'terms'], {}, 'at least one parameter to train'],
])('refuses %s', (_, freeze, factors, said) => {
  expect(() => parameterGroups(names, freeze, factors)).toThrow(said);
});
