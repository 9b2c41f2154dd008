import type { GatedFusion } from '../gated-fusion.js';

/** Parameters by state-dict name, row-major. */
export type Parameters64 = ReadonlyMap<string, Float64Array>;

/** One row's tokens of one modality: only those that count, no padding. `present: 0` zeroes them. */
export interface Row64 {
  readonly tokens: readonly (readonly number[])[];
  readonly present: 0 | 1;
}

/** The factors of a dropout site: sizes of the site's axes, then the factor at a place. Called in the order of the forward pass. */
export type Sites64 = (axes: readonly Axis[]) => (...place: number[]) => number;
export type Axis = 'heads' | 'image' | 'text' | 'one' | 'two' | 'width';

const noDropout: Sites64 = () => () => 1;

type Config = GatedFusion['config'];

/** The fusion of one row (Eq. 1 to 6) in plain loops over float64 numbers, without masks: an oracle for tests. */
export function fusion64(p: Parameters64, config: Config, image: Row64, text: Row64, sites = noDropout): number[] {
  const rows = { image, text };
  const project = (modality: 'image' | 'text') =>
    linears(
      p,
      `${modality}_projection`,
      rows[modality].tokens.map((x) => x.map((value) => value * rows[modality].present)),
    );
  const projected = { image: project('image'), text: project('text') };
  let streams = projected;
  for (let n = 0; n < config.crossLayers; n++) {
    const half = (own: 'image' | 'text', other: 'image' | 'text') => {
      const name = `cross_layers.${n}.${own}`;
      const norm = (side: 'image' | 'text', tokens: number[][]) =>
        config.norm === 'pre' ? layerNorms(p, `cross_layers.${n}.${side}.layer_norm`, tokens) : tokens;
      const keys = norm(other, streams[other]);
      const queries = norm(own, streams[own]);
      const heard = attention(p, `${name}.cross_attn`, config, queries, keys, sites, [own, other]);
      const attended = config.norm === 'post' ? layerNorms(p, `${name}.layer_norm`, heard) : heard;
      const indicator = rows[config.indicator === 'own' ? own : other].present;
      const logits = config.gating
        ? linears(
            p,
            `${name}.gate`,
            streams[own].map((x, i) => [...x, ...(attended[i] as number[]), indicator]),
          )
        : undefined;
      return streams[own].map((x, i) =>
        x.map((value, d) => {
          const other = attended[i]?.[d] as number;
          if (!logits) return value + other;
          const gate = 1 / (1 + Math.exp(-(logits[i]?.[d] as number)));
          return gate * other + (1 - gate) * value;
        }),
      );
    };
    const next = { image: half('image', 'text'), text: half('text', 'image') };
    streams = next;
  }
  const attended = { image: [] as number[], text: [] as number[] };
  const pool = (modality: 'image' | 'text') => {
    let tokens = streams[modality];
    for (let n = 0; n < config.selfBlocks; n++) {
      tokens = block(p, `${modality}_blocks.${n}`, config, tokens, sites, modality);
    }
    attended[modality] = mean(tokens);
    const [normed] = layerNorms(p, `${modality}_pool.layer_norm`, [attended[modality]]);
    return (linears(p, `${modality}_pool.linear`, [normed as number[]])[0] as number[]).map(Math.tanh);
  };
  const pools = [pool('image'), pool('text')] as const;
  const embedding = p.get('fusion.modality_embedding');
  let sequence = embedding
    ? pools.map((x, m) => x.map((value, d) => value + (embedding[m * config.width + d] as number)))
    : linears(p, 'fusion.projection', [[...pools[0], ...pools[1]]]);
  for (let n = 0; n < config.fusionBlocks; n++) {
    sequence = block(p, `fusion.layers.${n}`, config, sequence, sites, embedding ? 'two' : 'one');
  }
  const fused = mean(layerNorms(p, 'fusion.layer_norm', sequence));
  const scale = p.get('residual.scale')?.[0];
  const f = scale === undefined ? fused : fused.map((value) => (value * scale) / Math.sqrt(config.width));
  for (const modality of ['image', 'text'] as const) {
    const weight = p.get(`residual.${modality}.weight`);
    if (!weight || rows[modality].present === 0) continue;
    const pooled = config.residual === 'pooled' ? mean(projected[modality]) : attended[modality];
    const direction = pooled.map((_, o) =>
      pooled.reduce((sum, x, i) => sum + x * (weight[o * pooled.length + i] as number), 0),
    );
    direction.forEach((x, o) => {
      f[o] = (f[o] as number) + x / Math.hypot(...direction);
    });
  }
  const length = Math.hypot(...f);
  return f.map((value) => value / length);
}

function block(
  p: Parameters64,
  name: string,
  config: Config,
  tokens: number[][],
  sites: Sites64,
  axis: Axis,
): number[][] {
  const normed = layerNorms(p, `${name}.layer_norm1`, tokens);
  const attended = attention(p, `${name}.self_attn`, config, normed, normed, sites, [axis, axis]);
  const keepAttended = sites([axis, 'width']);
  const middle = tokens.map((x, i) => x.map((v, d) => v + (attended[i]?.[d] as number) * keepAttended(i, d)));
  const keepFed = sites([axis, 'width']);
  const hidden = linears(p, `${name}.mlp.fc1`, layerNorms(p, `${name}.layer_norm2`, middle)).map((x) => x.map(gelu64));
  const fed = linears(p, `${name}.mlp.fc2`, hidden);
  return middle.map((x, i) => x.map((v, d) => v + (fed[i]?.[d] as number) * keepFed(i, d)));
}

function attention(
  p: Parameters64,
  name: string,
  { heads, width }: Config,
  queries: number[][],
  keys: number[][],
  sites: Sites64,
  [queryAxis, keyAxis]: [Axis, Axis],
): number[][] {
  const q = linears(p, `${name}.q_proj`, queries);
  const k = linears(p, `${name}.k_proj`, keys);
  const v = linears(p, `${name}.v_proj`, keys);
  const size = width / heads;
  const keep = sites(['heads', queryAxis, keyAxis]);
  const heard = q.map((query, i) => {
    const mixed = new Array<number>(width).fill(0);
    for (let h = 0; h < heads; h++) {
      const scores = k.map((key) => {
        let score = 0;
        for (let d = h * size; d < (h + 1) * size; d++) score += (query[d] as number) * (key[d] as number);
        return score / Math.sqrt(size);
      });
      const top = Math.max(...scores);
      const total = scores.reduce((sum, score) => sum + Math.exp(score - top), 0);
      scores.forEach((score, j) => {
        const share = (Math.exp(score - top) / total) * keep(h, i, j);
        for (let d = h * size; d < (h + 1) * size; d++) mixed[d] = (mixed[d] as number) + share * (v[j]?.[d] as number);
      });
    }
    return mixed;
  });
  return linears(p, `${name}.out_proj`, heard);
}

/** `W x + b` of each vector. */
export function linears(p: Parameters64, name: string, vectors: readonly (readonly number[])[]): number[][] {
  const weight = p.get(`${name}.weight`) as Float64Array;
  const bias = p.get(`${name}.bias`) as Float64Array;
  return vectors.map((x) => {
    const y = new Array<number>(bias.length);
    for (let o = 0; o < bias.length; o++) {
      let sum = bias[o] as number;
      for (let i = 0; i < x.length; i++) sum += (weight[o * x.length + i] as number) * (x[i] as number);
      y[o] = sum;
    }
    return y;
  });
}

export function layerNorms(p: Parameters64, name: string, vectors: readonly (readonly number[])[]): number[][] {
  const weight = p.get(`${name}.weight`) as Float64Array;
  const bias = p.get(`${name}.bias`) as Float64Array;
  return vectors.map((x) => {
    const middle = x.reduce((sum, value) => sum + value, 0) / x.length;
    const variance = x.reduce((sum, value) => sum + (value - middle) ** 2, 0) / x.length;
    return x.map((v, d) => ((v - middle) / Math.sqrt(variance + 1e-5)) * (weight[d] as number) + (bias[d] as number));
  });
}

export function mean(tokens: readonly (readonly number[])[]): number[] {
  const width = tokens[0]?.length as number;
  return Array.from({ length: width }, (_, d) => tokens.reduce((sum, x) => sum + (x[d] as number), 0) / tokens.length);
}

/** x Phi(x); erf by its all-positive series `2/sqrt(pi) exp(-x^2) sum 2^n x^(2n+1) / (2n+1)!!`. */
function gelu64(x: number): number {
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
