/**
 * One kernel's time in ONNX Runtime's profile.
 * @typedef {{ op: string, us: number, shapes: readonly (readonly number[])[], inLoop: boolean }} KernelTime
 * @typedef {'products' | 'norms' | 'attention' | 'gelu' | 'head' | 'movement' | 'other'} Group
 * @typedef {{ heads: number, hidden: readonly number[] }} Widths attention heads, and widths of the feed-forward layers
 */

/** What a reader calls each group. @satisfies {Record<Group, string>} */
export const groupLabels = {
  products: 'matrix products',
  norms: 'normalisations',
  attention: 'attention without its products',
  gelu: 'GELU and the widths around it',
  head: 'AdamW, loss head and gradient norm, without products',
  movement: 'movement: transposes, slices, gathers',
  other: 'biases, residuals, gates, masks',
};

const products = new Set(['MatMul', 'FusedMatMul', 'Gemm', 'FusedGemm', 'Conv']);
const loops = new Set(['Scan', 'Loop', 'If']);
const movement = new Set(
  'Transpose,Reshape,Squeeze,Unsqueeze,Expand,Concat,Split,Slice,Pad,Gather,GatherElements,ScatterElements,Identity,Cast'.split(
    ',',
  ),
);

/**
 * Which part of a step a kernel belongs to, from its operator and the shapes of its inputs. Products come first wherever they are;
 * then what is outside of the loops over chunks of rows, where the loss and the optimizer are.
 * @param {KernelTime} kernel
 * @param {Widths} widths
 * @returns {Group}
 */
export function groupOf({ op, shapes, inLoop }, { heads, hidden }) {
  if (products.has(op)) return 'products';
  if (!inLoop) return 'head';
  if (movement.has(op)) return 'movement';
  if (op === 'LayerNormalization') return 'norms';
  if (op === 'Gelu' || op === 'QuickGelu' || op === 'Erf') return 'gelu';
  if (op === 'Softmax' || shapes.some((shape) => shape.length === 4 && shape[1] === heads)) return 'attention';
  if (shapes.some((shape) => shape.length >= 2 && hidden.includes(shape.at(-1) ?? 0))) return 'gelu';
  // A number a row beside a row: mean, inverse deviation, or a reduction to them.
  const perRow = shapes.some((shape) => shape.length >= 2 && shape.at(-1) === 1);
  return perRow || op.startsWith('Reduce') ? 'norms' : 'other';
}

/**
 * The kernels of each run in a profile, warm-up left out.
 * @param {readonly { cat?: string, name?: string, ts: number, dur: number, args?: any }[]} events as ONNX Runtime writes them
 * @param {number} warmup runs that do not count
 * @returns {{ us: number, kernels: KernelTime[] }[]} `us`: the whole run
 */
export function runsOf(events, warmup) {
  const runs = events.filter(({ name }) => name === 'model_run').slice(warmup);
  const nodes = events.filter(({ cat, name }) => cat === 'Node' && name?.endsWith('_kernel_time'));
  return runs.map((run) => {
    const within = (/** @type {{ ts: number }} */ { ts }, /** @type {{ ts: number, dur: number }} */ whole) =>
      ts >= whole.ts && ts <= whole.ts + whole.dur;
    const mine = nodes.filter((node) => within(node, run));
    const around = mine.filter(({ args }) => loops.has(args.op_name));
    const kernels = mine
      .filter(({ args }) => !loops.has(args.op_name))
      .map((node) => ({
        op: node.args.op_name,
        us: node.dur,
        shapes: (node.args.input_type_shape ?? []).map((/** @type {object} */ input) => Object.values(input)[0]),
        inLoop: around.some((loop) => within(node, loop)),
      }));
    return { us: run.dur, kernels };
  });
}

/**
 * Mean milliseconds a run by group and by operator, largest first; `between` is what no kernel accounts for.
 * @param {ReturnType<typeof runsOf>} runs
 * @param {Widths} widths
 */
export function profileOf(runs, widths) {
  if (runs.length === 0) throw new Error('profileOf: expected a run in the profile, got none; run the session first');
  const ms = (/** @type {number} */ us) => us / 1000 / runs.length;
  const kernels = runs.flatMap((run) => run.kernels);
  /** @param {(kernel: KernelTime) => string} key */
  const table = (key) => {
    /** @type {Map<string, { us: number, count: number }>} */
    const sums = new Map();
    for (const kernel of kernels) {
      const { us, count } = sums.get(key(kernel)) ?? { us: 0, count: 0 };
      sums.set(key(kernel), { us: us + kernel.us, count: count + 1 });
    }
    return [...sums]
      .map(([name, { us, count }]) => ({ name, ms: ms(us), count: Math.round(count / runs.length) }))
      .sort((a, b) => b.ms - a.ms);
  };
  const totalMs = ms(runs.reduce((sum, run) => sum + run.us, 0));
  const groups = table((kernel) => groupOf(kernel, widths));
  const betweenMs = totalMs - groups.reduce((sum, group) => sum + group.ms, 0);
  return { totalMs, betweenMs, groups, operators: table(({ op }) => op) };
}
