import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UniecsError } from '@uniecs/tensor';
import { expectNoTensorLeak } from '@uniecs/tensor/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startEngine } from '../engine.js';
import { loadTerm } from './load-term.js';

// Beside this file, so that the modules find the same tfjs.
let folder: string;
beforeAll(async () => {
  await startEngine();
  folder = await mkdtemp(join(import.meta.dirname, 'terms-'));
});
afterAll(() => rm(folder, { recursive: true }));

let files = 0;
async function load(code: string) {
  const file = join(folder, `term-${files++}.mjs`);
  await writeFile(file, `import * as tf from '@tensorflow/tfjs-core';\n${code}`);
  return loadTerm(file);
}

/** A term with some parts replaced. */
const term = (parts = '') => `{
  name: 'NORM', group: 'OWN',
  compute({ item1 }) {
    const perAnchor = tf.sum(tf.square(item1.fused), 1);
    return { loss: tf.mean(perAnchor), perAnchor, anchors: tf.scalar(5), maskedNegatives: tf.scalar(0) };
  },
  ${parts} }`;

it.each([
  ['an object as the default export', `export default ${term()};`],
  ['a function as the default export', `export default () => (${term()});`],
  ['a function of tfjs and the losses', `export default ({ losses }) => ({ ...losses.t2t(), name: 'NORM' });`],
  ['an async function', `export default async () => (${term()});`],
  ['an export named term', `export const term = ${term()};`],
])('takes %s', async (_, code) => {
  expect((await load(code)).name).toBe('NORM');
});

it.each([
  ['no export', 'export const other = 1;', 'a module that exports other'],
  ['a number', 'export default 3;', 'got number'],
  ['an object that is no term', 'export default { name: "X" };', 'an object with name'],
  ['an empty name', `export default ${term('name: ""')};`, 'an object with name, group, compute'],
  ['a function that throws', 'export default () => { throw new Error("broken inside"); };', 'broken inside'],
  ['compute that throws', `export default ${term('compute() { throw new Error("no batch"); }')};`, 'no batch'],
  ['compute that returns nothing', `export default ${term('compute() {}')};`, 'to return the tensor loss'],
  [
    'a loss that is no scalar',
    `export default ${term('compute: ({ item1 }) => ({ loss: item1.fused })')};`,
    'to return loss [], got [5,7]',
  ],
  [
    'a missing part',
    `export default ${term('compute: ({ item1 }) => ({ loss: tf.sum(item1.fused) })')};`,
    'to return the tensor perAnchor',
  ],
  [
    'a loss that is NaN',
    `export default ${term('compute: ({ item1 }) => ({ loss: tf.log(tf.neg(tf.sum(tf.square(item1.text)))) })')};`,
    'to return a finite loss, got NaN',
  ],
  [
    'a loss without gradient',
    `export default ${term(
      'compute: () => ({ loss: tf.scalar(1), perAnchor: tf.ones([5]), anchors: tf.scalar(5), maskedNegatives: tf.scalar(0) })',
    )};`,
    'Cannot compute gradient',
  ],
])('refuses %s', async (_, code, reason) => {
  const error = await load(code).catch((thrown: unknown) => thrown);
  expect(UniecsError.isInstance(error) && error.code).toBe('argument');
  expect(String(error)).toContain(reason);
});

it('a module that is not there, or no JavaScript, is a file error', async () => {
  await expect(loadTerm(join(folder, 'none.mjs'))).rejects.toMatchObject({ code: 'file' });
  await expect(load('export default {')).rejects.toMatchObject({ code: 'file' });
});

it('trying a term leaves no tensor behind', async () => {
  await expectNoTensorLeak(async () => {
    await load(`export default ${term()};`);
  });
});
