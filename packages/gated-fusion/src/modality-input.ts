import * as tf from '@tensorflow/tfjs-core';
import { checkShape, type Dims, type Linear, UniecsError } from '@uniecs/tensor';
import type { PerModality, TokenStream } from './token-stream.js';

/** The token features of one modality for a batch, from any encoder. */
export interface ModalityInput {
  /** V or T: float32 [B, N, Dv] or [B, N, Dt], N at least 1, finite also where masked or absent. */
  readonly tokens: tf.Tensor3D;
  /** [B, N], 1 valid, 0 padding; default all valid. A row that has the modality needs at least one valid token. */
  readonly mask?: tf.Tensor2D | undefined;
  /** [B], 1 where the row has this modality, 0 where not; default all 1. Absent rows may hold any finite features. */
  readonly present?: tf.Tensor1D | undefined;
}

/** A batch with image tokens, text tokens or both; a modality left out is absent in every row. */
export type ModalityInputs = Partial<PerModality<ModalityInput | undefined>>;

/**
 * Checks shapes (not contents, so it can be traced): sizes B and widths agree, one modality at least, at least one token.
 *
 * @returns B
 * @throws UniecsError `argument` when both modalities are left out, `shape` for a wrong shape
 */
export function checkInputs(inputs: ModalityInputs, widths: PerModality<number>, where: string): number {
  let batch: Dims = {};
  for (const modality of ['image', 'text'] as const) {
    const input = inputs[modality];
    if (!input) continue;
    const dims = checkShape(input.tokens, `${modality}.tokens`, ['B', 'N', widths[modality]], where, batch);
    if (dims.N === 0) {
      throw new UniecsError({
        code: 'shape',
        where,
        expected: `${modality}.tokens with at least one token`,
        got: `[${input.tokens.shape.join(', ')}]`,
        hint: `leave ${modality} out when no row has it`,
      });
    }
    if (input.mask) checkShape(input.mask, `${modality}.mask`, ['B', 'N'], where, dims);
    if (input.present) checkShape(input.present, `${modality}.present`, ['B'], where, dims);
    batch = { B: dims.B as number };
  }
  if (batch.B === undefined) {
    throw new UniecsError({
      code: 'argument',
      where,
      expected: 'image, text or both',
      got: 'neither',
      hint: 'pass the token features of at least one modality',
    });
  }
  return batch.B;
}

/**
 * The stream of a modality after Eq. 1. Where a row lacks the modality, its features are zeroed before the projection and all
 * of its tokens but the first are masked: it enters as one zero token. A modality absent from the whole batch is one zero
 * token per row and no mask at all. Both are exact: after zeroing, all tokens of the modality are equal at every layer, the
 * softmax over equal keys gives their common value, and the mean of equal tokens is that token.
 */
export function projectModality(
  input: ModalityInput | undefined,
  projection: Linear,
  width: number,
  batch: number,
): TokenStream {
  if (!input) {
    const zero = tf.tidy(
      () => tf.add(projection.forward(tf.zeros([1, 1, width])), tf.zeros([batch, 1, 1])) as tf.Tensor3D,
    );
    return { tokens: zero, presence: 0 };
  }
  const { tokens, mask, present } = input;
  if (!present) return { tokens: projection.forward(tokens) as tf.Tensor3D, mask, presence: 1 };
  const zeroed = tf.tidy(() => projection.forward(tf.mul(tokens, tf.reshape(present, [-1, 1, 1]))) as tf.Tensor3D);
  return { tokens: zeroed, mask: keepOneToken(mask, present, tokens.shape[1]), presence: present };
}

/** [B, N]: the mask where the row is present, the first token alone where it is not; none needed for a single token. */
function keepOneToken(mask: tf.Tensor2D | undefined, present: tf.Tensor1D, count: number): tf.Tensor2D | undefined {
  if (count === 1 && !mask) return undefined;
  return tf.tidy(() => {
    const isPresent = tf.reshape(present, [-1, 1]);
    const first = tf.cast(tf.less(tf.range(0, count), 1), 'float32');
    if (!mask) return tf.maximum(isPresent, first) as tf.Tensor2D;
    return tf.maximum(tf.mul(mask, isPresent), tf.mul(first, tf.sub(1, isPresent))) as tf.Tensor2D;
  });
}
