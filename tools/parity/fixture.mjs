import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { parseSafetensors } from '@uniecs/tensor';
import { compareArrays } from '@uniecs/tensor/testing';

/**
 * @typedef {{ shape: readonly number[], data: Float32Array | Int32Array }} Values
 * @typedef {Map<string, Values>} Arrays by name
 * @typedef {{ name: string } & Record<string, unknown>} Case
 */

/**
 * One group of fixtures. `arrays(prefix)` are those under a prefix, by the rest of their names.
 * @template {{ name: string }} [T=Case]
 * @param {string} group
 */
export function readFixture(group) {
  const path = join(import.meta.dirname, 'fixtures', group);
  const facts = JSON.parse(readFileSync(`${path}.json`, 'utf8'));
  const { tensors } = parseSafetensors(readFileSync(`${path}.safetensors`));
  return {
    cases: /** @type {T[]} */ (facts.cases),
    made: /** @type {Record<string, string | number>} */ (facts.made),
    /** @param {string} prefix @returns {Arrays} */
    arrays: (prefix) => {
      const found = [...tensors].filter(([name]) => name.startsWith(`${prefix}/`));
      if (found.length === 0) throw new Error(`parity: the fixture ${group} has nothing under ${prefix}`);
      return new Map(found.map(([name, values]) => [name.slice(prefix.length + 1), /** @type {Values} */ (values)]));
    },
  };
}

/** @typedef {ReturnType<typeof readFixture>['arrays']} ReadArrays */

/**
 * @param {Values} values
 * @returns {tf.Tensor}
 */
export const tensorOf = ({ shape, data }) =>
  tf.tensor(data, [...shape], data instanceof Int32Array ? 'int32' : 'float32');

/**
 * @param {Arrays} arrays
 * @returns {Map<string, tf.Tensor>}
 */
export const tensorsOf = (arrays) => new Map([...arrays].map(([name, values]) => [name, tensorOf(values)]));

/**
 * @param {tf.Tensor} tensor
 * @returns {Values}
 */
export const valuesOf = (tensor) => ({
  shape: tensor.shape,
  data: Float32Array.from(/** @type {Float32Array} */ (tensor.dataSync())),
});

/** How far an element may be off, as a share of the largest element of its array, and the floor of that largest element. */
export const closeness = { relative: 1e-5, floor: 1e-3 };

/**
 * What of two sets of arrays differs, a sentence an array; nothing where they agree.
 *
 * Every array is compared whole. An element may be off by `1e-5` of the largest element of its own array; an array that is all
 * small counts as being `1e-3` of the largest array of its kind (the name up to its first point: `gradient`, `output`), so
 * that a gradient which is zero in theory may be rounding noise, up to `1e-8` of the largest gradient.
 * @param {Arrays} actual
 * @param {Arrays} expected
 * @returns {string[]}
 */
export function differences(actual, expected) {
  const names = [...new Set([...actual.keys(), ...expected.keys()])];
  /** @type {Record<string, number>} */
  const scales = {};
  for (const [name, { data }] of expected) {
    const kind = kindOf(name);
    scales[kind] = Math.max(scales[kind] ?? 0, largest(data));
  }
  return names.flatMap((name) => {
    const [ours, theirs] = [actual.get(name), expected.get(name)];
    if (!ours || !theirs) return [`${name}: only ${ours ? 'ours' : 'PyTorch'} has it`];
    if (`${ours.shape}` !== `${theirs.shape}`) return [`${name}: [${ours.shape}] is not [${theirs.shape}]`];
    const scale = Math.max(largest(theirs.data), closeness.floor * /** @type {number} */ (scales[kindOf(name)]));
    const found = compareArrays(ours.data, theirs.data, { relative: 0, absolute: closeness.relative * scale });
    return found ? [`${name}: ${found}`] : [];
  });
}

/** @param {string} name */
const kindOf = (name) => /** @type {string} */ (name.split('.')[0]);

/** @param {ArrayLike<number>} data */
const largest = (data) => Array.from(data).reduce((most, x) => Math.max(most, Math.abs(x)), 0);

/**
 * The arrays with one element of one of them moved by `1e-3` of its array's largest: what a comparison must notice.
 * @param {Arrays} arrays
 * @param {string} name
 * @returns {Arrays}
 */
export function perturbed(arrays, name) {
  const { shape, data } = /** @type {Values} */ (arrays.get(name));
  const moved = data.slice();
  const at = Math.floor(moved.length / 2);
  moved[at] = /** @type {number} */ (moved[at]) + 1e-3 * (largest(data) || 1);
  return new Map([...arrays, [name, { shape, data: moved }]]);
}

/**
 * The arrays with the two axes of one matrix exchanged, under its old shape.
 * @param {Arrays} arrays
 * @param {string} name
 * @returns {Arrays}
 */
export function swapped(arrays, name) {
  const { shape, data } = /** @type {Values} */ (arrays.get(name));
  const [rows, columns] = /** @type {[number, number]} */ (shape);
  const turned = data.map((_, i) => /** @type {number} */ (data[(i % rows) * columns + Math.floor(i / rows)]));
  return new Map([...arrays, [name, { shape, data: turned }]]);
}
