import { readFileSync } from 'node:fs';
import { expect, it, vi } from 'vitest';
import { supportedKernels } from './index.js';
import { elementwise } from './kernels/elementwise.js';
import { movement } from './kernels/movement.js';
import { products } from './kernels/products.js';
import { reductions } from './kernels/reductions.js';

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');
const readme = read('README.md');
const between = (start: string, end: string) => readme.split(start)[1]?.split(end)[0];

const families = {
  'On each element': elementwise,
  'Moving and making elements': movement,
  'Products and normalizations': products,
  'Along axes': reductions,
};

it("README's table of supported ops is that of the code", () => {
  const row = ([family, kernels]: [string, object]) =>
    `| ${family} | ${Object.keys(kernels)
      .sort()
      .map((kernel) => `\`${kernel}\``)
      .join(' ')} |`;
  const table = ['| | kernels |', '|---|---|', ...Object.entries(families).map(row)].join('\n');
  const listed = Object.values(families).flatMap((kernels) => Object.keys(kernels));
  expect(listed.sort()).toEqual(Object.keys(supportedKernels).sort());
  expect(between('<!-- supported kernels -->', '<!-- end -->')?.trim()).toBe(table);
});

it("README's example is the file in examples, and fits a sine", async () => {
  expect(between('<!-- examples/fit-sine.ts -->\n```ts\n', '```')).toBe(read('examples/fit-sine.ts'));
  const log = vi.spyOn(console, 'log').mockImplementation(() => {});
  await import('../examples/fit-sine.js');
  const lines = log.mock.calls.flat().join('\n');
  log.mockRestore();
  const found = /loss (.*) -> (.*)\nsin\(1\) is about (.*)/.exec(lines) as RegExpExecArray;
  const [before, after, sine] = found.slice(1).map(Number) as [number, number, number];
  expect(before).toBeGreaterThan(0.4);
  expect(after).toBeLessThan(0.01);
  expect(Math.abs(sine - Math.sin(1))).toBeLessThan(0.1);
});
