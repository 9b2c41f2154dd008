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

/**
 * How far an element may be off: a share of the largest element of its own array, plus a share of the largest element of all
 * arrays of its kind in the case (`output`, `gradient`, …: the name up to its first point). The second share is one unit in
 * the last place of float32: what a sum that cancels leaves, and all that a gradient which is zero in theory consists of.
 */
export const closeness = { ofArray: 1e-5, ofKind: 1.2e-7 };

/**
 * What of two sets of arrays differs, a sentence an array; nothing where they agree. Every array is compared whole.
 * @param {Arrays} actual
 * @param {Arrays} expected
 * @returns {string[]}
 */
export function differences(actual, expected) {
  const names = [...new Set([...actual.keys(), ...expected.keys()])];
  /** @type {Record<string, number>} */
  const ofKind = {};
  for (const [name, { data }] of expected) {
    ofKind[kindOf(name)] = Math.max(ofKind[kindOf(name)] ?? 0, largest(data));
  }
  return names.flatMap((name) => {
    const [ours, theirs] = [actual.get(name), expected.get(name)];
    if (!ours || !theirs) return [`${name}: only ${ours ? 'ours' : 'PyTorch'} has it`];
    if (`${ours.shape}` !== `${theirs.shape}`) return [`${name}: [${ours.shape}] is not [${theirs.shape}]`];
    const kind = /** @type {number} */ (ofKind[kindOf(name)]);
    const absolute = closeness.ofArray * largest(theirs.data) + closeness.ofKind * kind;
    const found = compareArrays(ours.data, theirs.data, { relative: 0, absolute });
    return found ? [`${name}: ${found}`] : [];
  });
}

/** @param {string} name */
const kindOf = (name) => /** @type {string} */ (name.split('.')[0]);

/** @param {ArrayLike<number>} data */
const largest = (data) => Array.from(data).reduce((most, x) => Math.max(most, Math.abs(x)), 0);

/**
 * The arrays with one element of one of them moved by `1e-3`: what a comparison must notice.
 * @param {Arrays} arrays
 * @param {string} name
 * @returns {Arrays}
 */
export function perturbed(arrays, name) {
  const { shape, data } = /** @type {Values} */ (arrays.get(name));
  const moved = data.slice();
  const at = Math.floor(moved.length / 2);
  moved[at] = /** @type {number} */ (moved[at]) + 1e-3;
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
