import {
  add,
  customGrad,
  matMul,
  mul,
  reshape,
  scalar,
  softmax,
  sub,
  sum,
  type Tensor,
  zerosLike,
} from '@tensorflow/tfjs-core';
import { checkShape } from '../check-shape.js';

type Save = (tensors: Tensor[]) => void;

/** What attention leaves out: keys of padding, and dropped probabilities. */
export interface AttentionOptions {
  /** float32 [B, Lk], 1 for a key that counts, 0 for padding; default all 1. */
  readonly keyMask?: Tensor | undefined;
  /** float32 [B, H, Lq, Lk], factors on the probabilities (0 or 1 / (1 - rate)); default none. */
  readonly dropoutMask?: Tensor | undefined;
}

/**
 * Scaled dot-product attention: `softmax(q kᵀ / sqrt(dh)) v`. Vaswani et al. 2017.
 *
 * A query whose keys are all masked attends to nothing: its output is zero. One op with a hand-written gradient, which keeps
 * the probabilities.
 *
 * @param q [B, H, Lq, dh]
 * @param k [B, H, Lk, dh]
 * @param v [B, H, Lk, dh]
 * @returns [B, H, Lq, dh]
 * @throws UniecsError `shape`
 */
export function attention(q: Tensor, k: Tensor, v: Tensor, options: AttentionOptions = {}): Tensor {
  const { keyMask, dropoutMask } = options;
  let dims = checkShape(q, 'q', ['B', 'H', 'Lq', 'dh'], 'attention');
  dims = checkShape(k, 'k', ['B', 'H', 'Lk', 'dh'], 'attention', dims);
  checkShape(v, 'v', ['B', 'H', 'Lk', 'dh'], 'attention', dims);
  if (keyMask) checkShape(keyMask, 'keyMask', ['B', 'Lk'], 'attention', dims);
  if (dropoutMask) checkShape(dropoutMask, 'dropoutMask', ['B', 'H', 'Lq', 'Lk'], 'attention', dims);
  const scale = 1 / Math.sqrt(q.shape[3] as number);
  const perKey = (mask: Tensor) => reshape(mask, [k.shape[0] as number, 1, k.shape[2] as number, 1]);
  const op = customGrad((query: unknown, key: unknown, value: unknown, saveTensors: unknown) => {
    const [q, k, v] = [query, key, value] as [Tensor, Tensor, Tensor];
    const scores = mul(matMul(q, k, false, true), scalar(scale));
    const bias = keyMask && mul(sub(keyMask, scalar(1)), scalar(1e9));
    const masked = bias ? add(scores, reshape(bias, [k.shape[0] as number, 1, 1, k.shape[2] as number])) : scores;
    const probabilities = softmax(masked, -1);
    // Where every key is masked the softmax is uniform over masked keys: their values are zeroed, so the output is zero.
    const values = keyMask ? mul(v, perKey(keyMask)) : v;
    const kept = dropoutMask ? mul(probabilities, dropoutMask) : probabilities;
    const masks = [keyMask, dropoutMask].filter((mask) => mask !== undefined);
    const heard = matMul(kept, values);
    (saveTensors as Save)([q, k, values, probabilities, heard, ...masks]);
    return {
      value: heard,
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const [q, k, values, probabilities, heard, ...masks] = saved as [
          Tensor,
          Tensor,
          Tensor,
          Tensor,
          Tensor,
          ...Tensor[],
        ];
        const savedKeyMask = keyMask && (masks[0] as Tensor);
        const factors = dropoutMask && (masks.at(-1) as Tensor);
        const kept = factors ? mul(probabilities, factors) : probabilities;
        const dKept = matMul(dy, values, false, true);
        const dProbabilities = factors ? mul(dKept, factors) : dKept;
        // The softmax's row sums of p dp equal dy · output, which is dh instead of Lk numbers a row (Dao et al. 2022).
        // Over one key the softmax is constant: zero, not the rounding of a difference.
        const dScores =
          k.shape[2] === 1
            ? zerosLike(probabilities)
            : mul(probabilities, sub(dProbabilities, sum(mul(dy, heard), -1, true)));
        const dValues = matMul(kept, dy, true, false);
        const dv = savedKeyMask ? mul(dValues, perKey(savedKeyMask)) : dValues;
        const dq = mul(matMul(dScores, k), scalar(scale));
        return [dq, mul(matMul(dScores, q, true, false), scalar(scale)), dv];
      },
    };
  });
  return op(q, k, v);
}
