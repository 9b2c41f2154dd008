import * as tf from '@tensorflow/tfjs-core';
import type { LossTerm, PairRepresentations } from '@uniecs/losses';
import { l2Normalize, seededRandom, UniecsError } from '@uniecs/tensor';

/** Pairs and width of the batch that a term is tried on: primes, so that a swapped axis shows. */
const [pairs, width] = [5, 7];

/**
 * Tries a loss term on a small random batch: `compute` must return `loss` (a scalar), `perAnchor` [N], `anchors` and `maskedNegatives`
 * (scalars), all finite, and `loss` must have a gradient.
 *
 * @param file where the term comes from, for the error
 * @throws UniecsError `argument` saying what is wrong
 */
export function checkTerm(term: LossTerm, file: string): void {
  const fault = (expected: string, got: string, cause?: unknown) =>
    new UniecsError({
      code: 'argument',
      where: 'checkTerm',
      expected: `the term ${term.name} of ${file} ${expected}`,
      got,
      hint: "see LossTerm of '@uniecs/losses'",
      details: { file, term: term.name },
      cause,
    });
  const run = <T>(work: () => T): T => {
    try {
      return tf.tidy(work as () => tf.TensorContainer) as T;
    } catch (cause) {
      if (UniecsError.isInstance(cause) && cause.where === 'checkTerm') throw cause;
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw fault(`to compute on a batch of ${pairs} pairs`, `an error: ${reason}`, cause);
    }
  };
  run(() => {
    const value: unknown = term.compute(representations(matrices()));
    for (const [key, shape] of Object.entries({ loss: [], perAnchor: [pairs], anchors: [], maskedNegatives: [] })) {
      const got = (value as Record<string, unknown> | undefined)?.[key];
      if (!(got instanceof tf.Tensor)) throw fault(`to return the tensor ${key}`, typeof got);
      if (String(got.shape) !== String(shape)) throw fault(`to return ${key} [${shape}]`, `[${got.shape}]`);
      if (!got.dataSync().every(Number.isFinite)) throw fault(`to return a finite ${key}`, String(got.dataSync()));
    }
  });
  run(() => {
    const gradient = tf
      .grad((all: tf.Tensor) => term.compute(representations(all)).loss)(matrices())
      .dataSync();
    if (!gradient.every(Number.isFinite)) throw fault('to have a finite gradient', 'NaN or infinity in it');
  });
}

/** Fused, image and text of both items, unit rows: [6, N, D]. */
function matrices(): tf.Tensor3D {
  const random = seededRandom('a term of the user');
  const values = Array.from({ length: 6 * pairs * width }, () => random.normal());
  return l2Normalize(tf.tensor3d(values, [6, pairs, width])) as tf.Tensor3D;
}

function representations(all: tf.Tensor): PairRepresentations {
  const [fused1, image1, text1, fused2, image2, text2] = tf.unstack(all) as tf.Tensor2D[] as Six;
  const valid = {
    fused: tf.ones<tf.Rank.R1>([pairs]),
    image: tf.ones<tf.Rank.R1>([pairs]),
    text: tf.ones<tf.Rank.R1>([pairs]),
  };
  const ids = (first: number) => tf.range(first, first + pairs, 1, 'int32');
  return {
    item1: { fused: fused1, image: image1, text: text1, valid, productId: ids(0) },
    item2: { fused: fused2, image: image2, text: text2, valid, productId: ids(pairs) },
  };
}

type Six = [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D, tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
