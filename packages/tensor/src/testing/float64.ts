/** Plain float64 versions of the ops and layers, over flat row-major arrays: the oracles of the tests. */
type Numbers = ArrayLike<number>;

const at = (x: Numbers, i: number) => x[i] as number;

/** The error function: its Maclaurin series up to 5, 1 beyond. */
export function erf64(x: number): number {
  if (Math.abs(x) > 5) return Math.sign(x);
  let term = x;
  let total = x;
  for (let n = 1; n < 120; n++) {
    term *= (-x * x) / n;
    total += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * total;
}

export const gelu64 = (x: number) => x * 0.5 * (1 + erf64(x / Math.SQRT2));

export const quickGelu64 = (x: number) => x / (1 + Math.exp(-1.702 * x));

/** x [rows, inputs] times weight [outputs, inputs] transposed, plus bias. */
export function linear64(x: Numbers, weight: Numbers, bias: Numbers | undefined, inputs: number): number[] {
  const outputs = weight.length / inputs;
  const y: number[] = [];
  for (let row = 0; row < x.length / inputs; row++) {
    for (let o = 0; o < outputs; o++) {
      let total = bias ? at(bias, o) : 0;
      for (let i = 0; i < inputs; i++) total += at(x, row * inputs + i) * at(weight, o * inputs + i);
      y.push(total);
    }
  }
  return y;
}

export function layerNorm64(x: Numbers, weight: Numbers, bias: Numbers, epsilon: number): number[] {
  const width = weight.length;
  const y: number[] = [];
  for (let row = 0; row < x.length / width; row++) {
    let mean = 0;
    for (let i = 0; i < width; i++) mean += at(x, row * width + i) / width;
    let variance = 0;
    for (let i = 0; i < width; i++) variance += (at(x, row * width + i) - mean) ** 2 / width;
    for (let i = 0; i < width; i++) {
      y.push(((at(x, row * width + i) - mean) / Math.sqrt(variance + epsilon)) * at(weight, i) + at(bias, i));
    }
  }
  return y;
}

/** Softmax of one row; weights of 0 leave an entry out, and a row without entries is all 0. */
export function softmax64(row: readonly number[], weights?: readonly number[]): number[] {
  const kept = row.filter((_, i) => weights?.[i] !== 0);
  const top = Math.max(...kept);
  const parts = row.map((x, i) => (weights?.[i] === 0 ? 0 : Math.exp(x - top)));
  const total = parts.reduce((a, b) => a + b, 0);
  return parts.map((part) => (total === 0 ? 0 : part / total));
}

export interface AttentionSizes {
  readonly B: number;
  readonly H: number;
  readonly Lq: number;
  readonly Lk: number;
  readonly dh: number;
}

/** q [B, H, Lq, dh], k and v [B, H, Lk, dh], keyMask [B, Lk], factors [B, H, Lq, Lk], to [B, H, Lq, dh]. */
export function attention64(
  { B, H, Lq, Lk, dh }: AttentionSizes,
  q: Numbers,
  k: Numbers,
  v: Numbers,
  keyMask?: Numbers,
  factors?: Numbers,
): number[] {
  const y: number[] = [];
  for (let b = 0; b < B; b++) {
    const weights = keyMask && Array.from({ length: Lk }, (_, j) => at(keyMask, b * Lk + j));
    for (let h = 0; h < H; h++) {
      for (let i = 0; i < Lq; i++) {
        const scores = Array.from({ length: Lk }, (_, j) => {
          let score = 0;
          for (let d = 0; d < dh; d++) {
            score += at(q, ((b * H + h) * Lq + i) * dh + d) * at(k, ((b * H + h) * Lk + j) * dh + d);
          }
          return score / Math.sqrt(dh);
        });
        const p = softmax64(scores, weights);
        for (let d = 0; d < dh; d++) {
          let total = 0;
          for (let j = 0; j < Lk; j++) {
            const factor = factors ? at(factors, ((b * H + h) * Lq + i) * Lk + j) : 1;
            total += at(p, j) * factor * at(v, ((b * H + h) * Lk + j) * dh + d);
          }
          y.push(total);
        }
      }
    }
  }
  return y;
}

/** [B, L, H, dh] to [B, H, L, dh], and back with L and H exchanged. */
export function swapMiddle64(x: Numbers, B: number, L: number, H: number, dh: number): number[] {
  const y: number[] = [];
  for (let b = 0; b < B; b++)
    for (let h = 0; h < H; h++)
      for (let l = 0; l < L; l++) for (let d = 0; d < dh; d++) y.push(at(x, ((b * L + l) * H + h) * dh + d));
  return y;
}

/** Multi-head attention with the parameters under `prefix` in `p`; query [B, Lq, H dh], key [B, Lk, H dh]. */
export function multiHeadAttention64(
  sizes: AttentionSizes,
  p: Readonly<Record<string, Numbers>>,
  prefix: string,
  query: Numbers,
  key: Numbers,
  keyMask?: Numbers,
  factors?: Numbers,
): number[] {
  const { B, H, Lq, Lk, dh } = sizes;
  const width = H * dh;
  const project = (name: string, x: Numbers) =>
    linear64(x, p[`${prefix}${name}.weight`] as Numbers, p[`${prefix}${name}.bias`] as Numbers, width);
  const q = swapMiddle64(project('q_proj', query), B, Lq, H, dh);
  const k = swapMiddle64(project('k_proj', key), B, Lk, H, dh);
  const v = swapMiddle64(project('v_proj', key), B, Lk, H, dh);
  const mixed = attention64(sizes, q, k, v, keyMask, factors);
  return project('out_proj', swapMiddle64(mixed, B, H, Lq, dh));
}
