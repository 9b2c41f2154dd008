import * as tf from '@tensorflow/tfjs-core';
import { loadStateDict, type Module, namedParameters, type Random, seededRandom } from '@uniecs/tensor';
import { randomArray } from '@uniecs/tensor/testing';
import { type GatedFusion, type GatedFusionOptions, gatedFusion } from '../gated-fusion.js';
import type { Parameters64, Row64 } from './float64-fusion.js';

/** Sizes that no two axes share where a swap could hide: B 4, Nv 5, Nt 7, Dv 11, Dt 13, D 6 in 3 heads of 2. */
export const sizes = { batch: 4, image: 5, text: 7, imageWidth: 11, textWidth: 13, width: 6, heads: 3 };

/** A fusion of those sizes, one layer of each kind but two cross layers, with parameters far from their initial values. */
export function smallFusion(options: Partial<GatedFusionOptions> = {}): GatedFusion {
  const { imageWidth, textWidth, width, heads } = sizes;
  const random = seededRandom(3);
  const layers = { crossLayers: 2, selfBlocks: 1, fusionBlocks: 1, dropout: 0 };
  const fusion = gatedFusion({ imageWidth, textWidth, width, heads, ...layers, random, ...options });
  scatter(fusion, random.fork('scatter'));
  return fusion;
}

/** Gives every parameter random values: norms' weights around 1, all others around 0. */
export function scatter(module: Module, random: Random): void {
  tf.tidy(() => {
    const values = [...namedParameters(module)].map(([name, variable]): [string, tf.Tensor] => {
      const noise = tf.tensor(randomArray(random, variable.shape), variable.shape);
      return [name, /norm\d?\.weight$/.test(name) ? tf.add(tf.mul(noise, 0.3), 1) : tf.mul(noise, 0.5)];
    });
    loadStateDict(module, new Map(values));
  });
}

/** A module's parameters as float64 arrays. */
export function parameters64(module: Module): Map<string, Float64Array> {
  return new Map([...namedParameters(module)].map(([name, v]) => [name, Float64Array.from(v.dataSync())]));
}

/** Features of one modality for a batch, as numbers. */
export interface Features {
  readonly values: Float32Array;
  readonly shape: [number, number, number];
}

export function randomFeatures(modality: 'image' | 'text', seed: number, batch = sizes.batch): Features {
  const shape: [number, number, number] = [
    batch,
    sizes[modality],
    modality === 'image' ? sizes.imageWidth : sizes.textWidth,
  ];
  return { values: randomArray(seededRandom(seed).fork(modality), shape), shape };
}

export function features3d({ values, shape }: Features): tf.Tensor3D {
  return tf.tensor3d(values, shape);
}

/** The tokens of one row that the mask keeps, for the oracle; of an absent row all tokens, which it zeroes. */
export function row64({ values, shape }: Features, row: number, mask?: readonly number[], present: 0 | 1 = 1): Row64 {
  const [, count, width] = shape;
  const tokens = Array.from({ length: count }, (_, n) =>
    Array.from(values.subarray((row * count + n) * width, (row * count + n + 1) * width)),
  );
  return { tokens: tokens.filter((_, n) => !present || (mask?.[n] ?? 1) === 1), present };
}

/** One zero token: what an absent modality is defined to be. */
export function zeroToken(modality: 'image' | 'text'): Row64 {
  const width = modality === 'image' ? sizes.imageWidth : sizes.textWidth;
  return { tokens: [new Array<number>(width).fill(0)], present: 0 };
}

export type { Parameters64 };
