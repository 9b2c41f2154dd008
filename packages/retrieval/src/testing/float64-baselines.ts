import type { FeatureFusionConfig } from '../model/feature-fusion.js';

/** Parameters by state-dict name, row-major. */
export type Parameters64 = ReadonlyMap<string, Float64Array>;

/** One row's tokens of each modality that it has: only those that count. */
export interface Row64 {
  readonly image?: Vectors | undefined;
  readonly text?: Vectors | undefined;
}

type Vectors = readonly (readonly number[])[];

/** CLIP_SF of one row in plain loops over float64 numbers: an oracle for tests. */
export function scoreFusion64(p: Parameters64, { image, text }: Row64): number[] {
  const sides = [
    ...(image ? [unit(linear(p, 'image', mean(image)))] : []),
    ...(text ? [unit(linear(p, 'text', mean(text)))] : []),
  ];
  return unit((sides[0] as number[]).map((_, d) => sides.reduce((sum, side) => sum + (side[d] as number), 0)));
}

/** CLIP_FF of one row in plain loops over float64 numbers, without masks: an oracle for tests. */
export function featureFusion64(
  p: Parameters64,
  { heads, blocks }: FeatureFusionConfig,
  { image = [], text = [] }: Row64,
): number[] {
  const embedding = p.get('modality_embedding') as Float64Array;
  const projected = (name: string, tokens: Vectors, modality: 0 | 1) =>
    tokens.map((token) => {
      const y = linear(p, name, token);
      return y.map((value, d) => value + (embedding[modality * y.length + d] as number));
    });
  let x = [...projected('image_projection', image, 0), ...projected('text_projection', text, 1)];
  for (let n = 0; n < blocks; n++) {
    const name = `blocks.${n}`;
    const normed = x.map((token) => layerNorm(p, `${name}.layer_norm1`, token));
    x = sums(x, attention(p, `${name}.self_attn`, heads, normed));
    const fed = x.map((token) => {
      const hidden = linear(p, `${name}.mlp.fc1`, layerNorm(p, `${name}.layer_norm2`, token)).map(gelu);
      return linear(p, `${name}.mlp.fc2`, hidden);
    });
    x = sums(x, fed);
  }
  return unit(mean(x.map((token) => linear(p, 'projection', layerNorm(p, 'layer_norm', token)))));
}

function attention(p: Parameters64, name: string, heads: number, x: Vectors): number[][] {
  const [q, k, v] = ['q_proj', 'k_proj', 'v_proj'].map((part) => x.map((token) => linear(p, `${name}.${part}`, token)));
  const width = x[0]?.length as number;
  const size = width / heads;
  return (q as number[][]).map((query) => {
    const mixed = new Array<number>(width).fill(0);
    for (let h = 0; h < heads; h++) {
      const inHead = (d: number) => Math.floor(d / size) === h;
      const scores = (k as number[][]).map(
        (key) =>
          key.reduce((sum, value, d) => sum + (inHead(d) ? value * (query[d] as number) : 0), 0) / Math.sqrt(size),
      );
      const top = Math.max(...scores);
      const total = scores.reduce((sum, score) => sum + Math.exp(score - top), 0);
      for (const [j, score] of scores.entries()) {
        for (let d = h * size; d < (h + 1) * size; d++) {
          mixed[d] = (mixed[d] as number) + (Math.exp(score - top) / total) * (v?.[j]?.[d] as number);
        }
      }
    }
    return linear(p, `${name}.out_proj`, mixed);
  });
}

/** `W x`, and `+ b` where there is one. */
function linear(p: Parameters64, name: string, x: readonly number[]): number[] {
  const weight = p.get(`${name}.weight`) as Float64Array;
  const bias = p.get(`${name}.bias`);
  return Array.from({ length: weight.length / x.length }, (_, o) =>
    x.reduce((sum, value, i) => sum + value * (weight[o * x.length + i] as number), bias?.[o] ?? 0),
  );
}

function layerNorm(p: Parameters64, name: string, x: readonly number[]): number[] {
  const [weight, bias] = [p.get(`${name}.weight`), p.get(`${name}.bias`)] as [Float64Array, Float64Array];
  const middle = x.reduce((sum, value) => sum + value, 0) / x.length;
  const variance = x.reduce((sum, value) => sum + (value - middle) ** 2, 0) / x.length;
  return x.map((v, d) => ((v - middle) / Math.sqrt(variance + 1e-5)) * (weight[d] as number) + (bias[d] as number));
}

/** x Phi(x); erf by its all-positive series `2/sqrt(pi) exp(-z^2) sum 2^n z^(2n+1) / (2n+1)!!`. */
function gelu(x: number): number {
  const z = Math.abs(x) / Math.SQRT2;
  let term = z;
  let sum = z;
  for (let n = 1; term > sum * 1e-17; n++) {
    term *= (2 * z * z) / (2 * n + 1);
    sum += term;
  }
  const erf = Math.min(1, (2 / Math.sqrt(Math.PI)) * Math.exp(-z * z) * sum);
  return 0.5 * x * (1 + Math.sign(x) * erf);
}

function mean(x: Vectors): number[] {
  return (x[0] as readonly number[]).map((_, d) => x.reduce((sum, token) => sum + (token[d] as number), 0) / x.length);
}

function sums(a: Vectors, b: Vectors): number[][] {
  return a.map((token, i) => token.map((value, d) => value + (b[i]?.[d] as number)));
}

function unit(x: readonly number[]): number[] {
  return x.map((value) => value / Math.hypot(...x));
}
