import { expect, it } from 'vitest';
import { namedPaths } from './named-paths.js';

it('reads NAME=PATH, once for every time that the option is given; a path may hold more of them', () => {
  const parse = namedPaths();
  expect(parse('UniECS=runs/a', parse('CLIP SF = runs/b=c'))).toEqual([
    { name: 'CLIP SF', path: 'runs/b=c' },
    { name: 'UniECS', path: 'runs/a' },
  ]);
  for (const bad of ['runs/a', '=runs/a', 'UniECS=', ' = ']) expect(() => parse(bad)).toThrow('Expected NAME=PATH.');
  expect(namedPaths(['.npy'])('x=A.NPY')).toEqual([{ name: 'x', path: 'A.NPY' }]);
  expect(() => namedPaths(['.npy', '.parquet'])('x=a.csv')).toThrow('ends in .npy or .parquet');
});
