import { type Module, namedParameters } from '@uniecs/tensor';
import type { BertConfig } from '../models/bert.js';
import type { VisionTransformerConfig } from '../models/vision-transformer.js';

/** A matrix as rows. */
export type Rows = number[][];

/** All parameters of a module in one float64 vector, and where each is in it. For tests. */
export interface FlatParameters {
  readonly values: Float64Array;
  readonly offsets: ReadonlyMap<string, { readonly start: number; readonly shape: readonly number[] }>;
}

export function flatten(module: Module): FlatParameters {
  const offsets = new Map<string, { start: number; shape: number[] }>();
  const values: number[] = [];
  for (const [name, variable] of namedParameters(module)) {
    offsets.set(name, { start: values.length, shape: [...variable.shape] });
    values.push(...(variable.dataSync() as Float32Array));
  }
  return { values: Float64Array.from(values), offsets };
}

/** The reader of one named parameter's elements, by index along up to four axes. */
type Read = (name: string) => (i: number, j?: number, k?: number, l?: number) => number;

function reader({ offsets }: FlatParameters, values: Float64Array): Read {
  return (name) => {
    const found = offsets.get(name);
    if (!found) throw new Error(`no parameter ${name}`);
    const { start, shape } = found;
    const [, second = 1, third = 1, fourth = 1] = shape;
    return (i, j = 0, k = 0, l = 0) => values[start + ((i * second + j) * third + k) * fourth + l] as number;
  };
}

const at = (rows: Rows, i: number, j: number) => (rows[i] as number[])[j] as number;
const range = (n: number) => Array.from({ length: n }, (_, i) => i);

function linear(read: Read, name: string, x: Rows, outputSize: number): Rows {
  const weight = read(`${name}.weight`);
  const bias = read(`${name}.bias`);
  return x.map((row) =>
    range(outputSize).map((o) => row.reduce((sum, value, i) => sum + value * weight(o, i), bias(o))),
  );
}

function normalize(read: Read, name: string, x: Rows, epsilon: number): Rows {
  const weight = read(`${name}.weight`);
  const bias = read(`${name}.bias`);
  return x.map((row) => {
    const mean = row.reduce((a, b) => a + b, 0) / row.length;
    const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / row.length;
    return row.map((value, i) => ((value - mean) / Math.sqrt(variance + epsilon)) * weight(i) + bias(i));
  });
}

function attend(q: Rows, k: Rows, v: Rows, heads: number, mask: readonly number[]): Rows {
  const width = (q[0] as number[]).length;
  const size = width / heads;
  return q.map((query) =>
    range(width).map((channel) => {
      const first = Math.floor(channel / size) * size;
      const scores = k.map((key) =>
        range(size).reduce((sum, i) => sum + (query[first + i] as number) * (key[first + i] as number), 0),
      );
      const weights = scores.map((score, j) => (mask[j] === 1 ? Math.exp(score / Math.sqrt(size)) : 0));
      const total = weights.reduce((a, b) => a + b, 0);
      return total === 0 ? 0 : weights.reduce((sum, w, j) => sum + (w / total) * at(v, j, channel), 0);
    }),
  );
}

/** The normal distribution function by its series (Marsaglia 2004), to float64 precision for the |x| of these tests. */
function normalCdf(x: number): number {
  let term = x;
  let sum = x;
  for (let i = 3; Math.abs(term) > 1e-17 * Math.abs(sum); i += 2) {
    term *= (x * x) / i;
    sum += term;
  }
  return 0.5 + (sum * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI);
}

const activations = {
  gelu: (x: number) => x * normalCdf(x),
  quickGelu: (x: number) => x / (1 + Math.exp(-1.702 * x)),
};

const plus = (a: Rows, b: Rows): Rows => a.map((row, i) => row.map((value, j) => value + at(b, i, j)));

/** CLIP's vision transformer in plain float64 loops: pixels of one image [S][S][3] row-major, to [1 + (S/p)²][D]. */
export function visionOracle(config: Required<VisionTransformerConfig>, parameters: FlatParameters) {
  return (values: Float64Array, pixels: ArrayLike<number>): Rows => {
    const { imageSize, patchSize, width, heads, layers, ffnRatio, activation } = config;
    const read = reader(parameters, values);
    const side = imageSize / patchSize;
    const position = read('embeddings.position_embedding.weight');
    const classEmbedding = read('embeddings.class_embedding');
    const patch = read('embeddings.patch_embedding.weight');
    let x: Rows = [range(width).map((d) => classEmbedding(d) + position(0, d))];
    for (let row = 0; row < side; row++) {
      for (let column = 0; column < side; column++) {
        const token = range(width).map((d) => {
          let sum = position(x.length, d);
          for (let colour = 0; colour < 3; colour++) {
            for (let i = 0; i < patchSize; i++) {
              for (let j = 0; j < patchSize; j++) {
                const pixel = (row * patchSize + i) * imageSize + column * patchSize + j;
                sum += (pixels[pixel * 3 + colour] as number) * patch(d, colour, i, j);
              }
            }
          }
          return sum;
        });
        x.push(token);
      }
    }
    x = normalize(read, 'pre_layrnorm', x, 1e-5);
    const mask = x.map(() => 1);
    for (let layer = 0; layer < layers; layer++) {
      const name = `encoder.layers.${layer}`;
      const h = normalize(read, `${name}.layer_norm1`, x, 1e-5);
      const [q, k, v] = ['q', 'k', 'v'].map((p) => linear(read, `${name}.self_attn.${p}_proj`, h, width)) as [
        Rows,
        Rows,
        Rows,
      ];
      x = plus(x, linear(read, `${name}.self_attn.out_proj`, attend(q, k, v, heads, mask), width));
      const hidden = linear(read, `${name}.mlp.fc1`, normalize(read, `${name}.layer_norm2`, x, 1e-5), width * ffnRatio);
      x = plus(
        x,
        linear(
          read,
          `${name}.mlp.fc2`,
          hidden.map((row) => row.map(activations[activation])),
          width,
        ),
      );
    }
    return normalize(read, 'post_layernorm', x, 1e-5);
  };
}

/** BERT in plain float64 loops: one title's ids and mask [L], to [L][D]. */
export function bertOracle(config: Required<BertConfig>, parameters: FlatParameters) {
  return (values: Float64Array, ids: readonly number[], mask: readonly number[]): Rows => {
    const { width, heads, layers, ffnRatio, activation } = config;
    const read = reader(parameters, values);
    const word = read('embeddings.word_embeddings.weight');
    const position = read('embeddings.position_embeddings.weight');
    const type = read('embeddings.token_type_embeddings.weight');
    let x: Rows = ids.map((id, place) => range(width).map((d) => word(id, d) + position(place, d) + type(0, d)));
    x = normalize(read, 'embeddings.LayerNorm', x, 1e-12);
    for (let layer = 0; layer < layers; layer++) {
      const name = `encoder.layer.${layer}`;
      const [q, k, v] = ['query', 'key', 'value'].map((p) => linear(read, `${name}.attention.self.${p}`, x, width)) as [
        Rows,
        Rows,
        Rows,
      ];
      const attended = linear(read, `${name}.attention.output.dense`, attend(q, k, v, heads, mask), width);
      x = normalize(read, `${name}.attention.output.LayerNorm`, plus(x, attended), 1e-12);
      const hidden = linear(read, `${name}.intermediate.dense`, x, width * ffnRatio);
      const fed = linear(
        read,
        `${name}.output.dense`,
        hidden.map((row) => row.map(activations[activation])),
        width,
      );
      x = normalize(read, `${name}.output.LayerNorm`, plus(x, fed), 1e-12);
    }
    return x;
  };
}
