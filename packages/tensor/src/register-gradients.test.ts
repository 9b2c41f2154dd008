import '@tensorflow/tfjs-backend-cpu';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { registeredGradients } from './index.js';
import './testing/to-be-close-to-array.js';

it('registers every gradient that tfjs-core publishes', () => {
  expect(registeredGradients).toBeGreaterThan(90);
  const folder = join(createRequire(import.meta.url).resolve('@tensorflow/tfjs-core'), '../gradients');
  const published = readdirSync(folder)
    .filter((file) => file.endsWith('_grad.js'))
    .map((file) => /kernelName: (\w+)/.exec(readFileSync(join(folder, file), 'utf8'))?.[1] as string);
  expect(published).toHaveLength(registeredGradients);
  const kernels = tf as unknown as Record<string, string>;
  const unregistered = published.filter((name) => !tf.getGradient(kernels[name] as string));
  expect(unregistered).toEqual([]);
});

it('differentiates a plain op', () => {
  expect(tf.grad((x) => tf.sum(tf.square(x)))(tf.tensor1d([1, 2]))).toBeCloseToArray([2, 4]);
});

// A process of its own: in this one other imports may have registered gradients.
const inNode = (script: string) => {
  const cache = join(import.meta.dirname, '../../../node_modules/.cache');
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'gradients-'));
  try {
    writeFileSync(join(folder, 'script.mjs'), script);
    return execFileSync(process.execPath, [join(folder, 'script.mjs')], { encoding: 'utf8', stdio: 'pipe' }).trim();
  } finally {
    rmSync(folder, { recursive: true });
  }
};
const script = (first: string) => `${first}
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
try {
  console.log(tf.grad((x) => tf.sum(tf.mul(x, tf.sigmoid(x))))(tf.tensor1d([0])).dataSync()[0]);
} catch (error) {
  console.log(error.message);
}`;

it('a user who imports only @uniecs/tensor gets gradients in Node; tfjs-core alone has none', () => {
  expect(inNode(script("import '@uniecs/tensor';"))).toBe('0.5');
  expect(inNode(script(''))).toContain('gradient function not found');
});
