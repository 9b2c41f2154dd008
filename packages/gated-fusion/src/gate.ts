import * as tf from '@tensorflow/tfjs-core';
import { affine, type Module, parameter, type Random } from '@uniecs/tensor';
import type { Presence } from './token-stream.js';

/** The adaptive gate of Eq. 3 and 4. */
export interface Gate extends Module {
  /**
   * `G = sigmoid(W [own; attended; E] + b)`, returns `G * attended + (1 - G) * own` (Eq. 3 and 4).
   *
   * @param own V' [B, N, D]
   * @param attended V_attn [B, N, D], or [B, 1, D] where it is the same for every token
   * @param indicator E, 1 present and 0 absent: a number for the whole batch or [B]
   * @returns [B, N, D]
   */
  forward(own: tf.Tensor3D, attended: tf.Tensor3D, indicator: Presence): tf.Tensor3D;
}

export interface GateOptions {
  /** D */
  readonly width: number;
  /** Every element of b at the start; default 0, which starts at G = 0.5. Negative values start closer to `own`. */
  readonly bias?: number;
  /** Standard deviation of the initial W; default 0.02. */
  readonly std?: number;
  readonly random: Random;
}

/**
 * A gate with `weight` [D, 2D + 1] (columns: own, attended, indicator) and `bias` [D].
 *
 * W [own; attended; E] is computed as the sum of three products, so that no [B, N, 2D + 1] tensor exists (compiled at
 * UniECS-tiny's sizes, the concatenation costs the whole fusion 5 % more time, forward and backward). The gradient of the
 * mix (Eq. 4) is written by hand: with `s = G * (attended - own)`, d attended = dy * G, d own = dy - d attended, and the
 * gradient of the sigmoid's input is d own * s.
 */
export function gate({ width, bias = 0, std = 0.02, random }: GateOptions): Gate {
  const weight = parameter([width, 2 * width + 1], () => random.normal() * std);
  const offset = parameter([width], bias);
  return {
    tree: { weight, bias: offset },
    forward: (own, attended, indicator) =>
      tf.tidy(() => {
        const [ownWeight, attendedWeight, indicatorWeight] = tf.split(weight as tf.Tensor2D, [width, width, 1], 1) as [
          tf.Tensor2D,
          tf.Tensor2D,
          tf.Tensor2D,
        ];
        const indicatorRow = tf.reshape(indicatorWeight, [1, 1, width]);
        const perRow = typeof indicator === 'number' ? indicator : tf.reshape(indicator, [-1, 1, 1]);
        const constant = tf.add(offset, tf.mul(indicatorRow, perRow));
        const logits = tf.add(affine(own, ownWeight), tf.add(affine(attended, attendedWeight), constant));
        return mix(own, attended, logits);
      }),
  };
}

/** `G * attended + (1 - G) * own` with `G = sigmoid(logits)`, and its gradient in three elementwise products. */
function mix(own: tf.Tensor3D, attended: tf.Tensor3D, logits: tf.Tensor): tf.Tensor3D {
  const sameForEveryToken = attended.shape[1] !== own.shape[1];
  const op = tf.customGrad((...inputs: (tf.Tensor | tf.GradSaveFunc)[]) => {
    const [ownTokens, attendedTokens, gateLogits, save] = inputs as [tf.Tensor, tf.Tensor, tf.Tensor, tf.GradSaveFunc];
    const opening = tf.sigmoid(gateLogits);
    const step = tf.mul(opening, tf.sub(attendedTokens, ownTokens));
    save([opening, step]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) => {
      const [savedOpening, savedStep] = saved as [tf.Tensor, tf.Tensor];
      const toAttended = tf.mul(dy, savedOpening);
      const toOwn = tf.sub(dy, toAttended);
      return [toOwn, sameForEveryToken ? tf.sum(toAttended, 1, true) : toAttended, tf.mul(toOwn, savedStep)];
    };
    return { value: tf.add(ownTokens, step), gradFunc };
  });
  return op(own, attended, logits) as tf.Tensor3D;
}
