import { UniecsError } from '@uniecs/tensor';
import type { Graph, Node, Value } from '../graph/graph.js';
import { liveNodes } from '../graph/schedule.js';
import { elementsOf } from '../kernels/tools.js';
import type { Traced } from '../onnx/model-of-trace.js';

/** A trace of the function at one size of the batch. */
export interface SizedTrace {
  readonly size: number;
  readonly trace: Traced;
}

/** A size in the graph as a function of the batch: `rate B + rest`. */
interface Line {
  readonly rate: number;
  readonly rest: number;
}

/** The graph of a function for any size of its batch. */
export interface AnyBatch {
  readonly nodes: readonly Node[];
  readonly outputs: ReadonlyMap<string, Value>;
  /** The shapes of inputs and outputs by path, `batch` in the place of its size. */
  readonly dimensions: (role: 'inputs' | 'outputs', path: string) => readonly (number | string)[];
}

/**
 * The graph that three traces at different sizes of the batch have in common: what differs between them must be whole numbers that
 * are linear in the size (shapes, ends of slices), which become values computed from the shape of an input. Two traces give the line, the
 * third is its proof.
 *
 * @throws UniecsError `unsupported` naming the operator where the traces differ in more than that: the function depends on the size of
 *   its batch
 */
export function anyBatch(traces: readonly [SizedTrace, SizedTrace, SizedTrace], name: string): AnyBatch {
  const [first, ...others] = traces;
  const { graph } = first.trace;
  const live = traces.map(({ trace }) => liveNodes(trace.nodes, [...trace.outputs.values()]));
  const [nodes, ...otherNodes] = live as [Node[], Node[], Node[]];
  const same = new Map<Value, readonly Value[]>();
  const now = new Map<Value, Value>();
  const fault = (op: string, what: string) => dependent(name, op, what);
  const line = (values: readonly number[], op: string): Line => {
    const found = lineThrough(traces, values);
    if (!found) throw fault(op, `the number ${values[0]} at ${first.size} rows and ${values[1]} at ${others[0].size}`);
    return found;
  };

  for (const [path, value] of first.trace.inputs) {
    same.set(
      value,
      others.map(({ trace }) => trace.inputs.get(path) as Value),
    );
  }
  for (const [index, value] of first.trace.stateInputs) {
    same.set(
      value,
      others.map(({ trace }) => trace.stateInputs.get(index) as Value),
    );
  }
  const read = new Set(nodes.flatMap(({ inputs }) => inputs));
  const lines = (value: Value, peers: readonly Value[], op: string): Line[] =>
    value.shape.map((_, axis) =>
      line(
        [value, ...peers].map(({ shape }) => shape[axis] as number),
        op,
      ),
    );
  const batched = [...first.trace.inputs.values()].find((value) => {
    const [dimension] = lines(value, same.get(value) ?? [], 'input');
    return read.has(value) && dimension?.rate === 1 && dimension.rest === 0;
  });
  const sizes = new BatchSizes(graph, batched, () => fault('the function', 'no input whose rows are the batch'));

  const constantOf = (value: Value, peers: readonly Value[], node: Node): Value => {
    const all = [value, ...peers];
    const sameShape = all.every(({ shape }) => String(shape) === String(value.shape));
    if (sameShape && all.every((each) => sameElements(each, value))) return value;
    if (value.dtype === 'int64' && sameShape && value.shape.length === 1) {
      const columns = all.map((each) => Array.from(elementsOf(each) as BigInt64Array, Number));
      const entries = (columns[0] as number[]).map((_, i) =>
        line(
          columns.map((column) => column[i] as number),
          node.op,
        ),
      );
      const open = entries.filter(({ rate }) => rate !== 0);
      // A reshape finds one size by itself.
      const alone = node.op === 'Reshape' && open.length === 1;
      return alone ? graph.integers(entries.map(({ rate, rest }) => (rate === 0 ? rest : -1))) : sizes.vector(entries);
    }
    if (value.splat !== undefined && all.every(({ splat }) => Object.is(splat, value.splat))) {
      const shape = sizes.vector(lines(value, peers, node.op));
      return graph.one('Expand', [graph.splat(value.splat, value.dtype, []), shape], value.dtype, value.shape);
    }
    throw fault(node.op, 'a constant that differs between them');
  };

  const unlike = otherNodes.find(({ length }) => length !== nodes.length);
  if (unlike) throw fault('the graph', `${nodes.length} operators and ${unlike.length}`);
  nodes.forEach((node, at) => {
    const peers = otherNodes.map((list) => list[at] as Node);
    const form = ({ op, domain, attributes, inputs }: Node) =>
      `${domain}:${op} of ${inputs.length} ${JSON.stringify(attributes)}`;
    const other = peers.find((peer) => form(peer) !== form(node));
    if (other) throw fault(node.op, `${form(node)} and ${form(other)}`);
    if (node.body) throw fault(node.op, 'a loop');
    const inputs = node.inputs.map((input, i) => {
      if (!input) return undefined;
      const theirs = peers.map((peer) => peer.inputs[i] as Value);
      const known = same.get(input);
      if (known) {
        if (known.some((value, peer) => value !== theirs[peer])) throw fault(node.op, 'inputs from elsewhere');
        return now.get(input) ?? input;
      }
      return constantOf(input, theirs, node);
    });
    const made = graph.node(node.op, inputs, node.outputs, node.attributes, node.domain);
    node.outputs.forEach((output, i) => {
      same.set(
        output,
        peers.map(({ outputs }) => outputs[i] as Value),
      );
      now.set(output, made[i] as Value);
    });
  });

  const outputs = new Map(
    [...first.trace.outputs].map(([path, value]) => {
      const given = others.map(({ trace }) => trace.outputs.get(path) as Value);
      const known = same.get(value);
      if (known?.some((each, i) => each !== given[i])) throw fault('the graph', `outputs '${path}' from elsewhere`);
      return [path, known ? (now.get(value) ?? value) : constantOf(value, given, outputNode)];
    }),
  );
  return {
    nodes: reachable([...outputs.values()]),
    outputs,
    dimensions: (role, path) => {
      const all = traces.map(({ trace }) => trace[role].get(path) as Value);
      return lines(all[0] as Value, all.slice(1), `'${path}'`).map(({ rate, rest }) => nameOf(rate, rest));
    },
  };
}

/** Stands for the reader of an output in errors. */
const outputNode: Node = { op: 'an output', domain: '', inputs: [], outputs: [], attributes: {} };

/** Values computed from the number of rows of an input. */
class BatchSizes {
  readonly #graph: Graph;
  readonly #root: Value | undefined;
  readonly #fault: () => UniecsError;

  constructor(graph: Graph, root: Value | undefined, fault: () => UniecsError) {
    this.#graph = graph;
    this.#root = root;
    this.#fault = fault;
  }

  /** int64 [n], one entry a line. */
  vector(lines: readonly Line[]): Value {
    const graph = this.#graph;
    const parts: Value[] = [];
    let fixed: number[] = [];
    const close = () => {
      if (fixed.length > 0) parts.push(graph.integers(fixed));
      fixed = [];
    };
    for (const { rate, rest } of lines) {
      if (rate === 0) {
        fixed.push(rest);
        continue;
      }
      close();
      parts.push(this.#size(rate, rest));
    }
    close();
    return parts.length === 1 ? (parts[0] as Value) : graph.one('Concat', parts, 'int64', [lines.length], { axis: 0 });
  }

  #size(rate: number, rest: number): Value {
    if (!this.#root) throw this.#fault();
    const graph = this.#graph;
    const batch = graph.one('Shape', [this.#root], 'int64', [1], { start: 0, end: 1 });
    const scaled = rate === 1 ? batch : graph.one('Mul', [batch, graph.integers([rate])], 'int64', [1]);
    return rest === 0 ? scaled : graph.one('Add', [scaled, graph.integers([rest])], 'int64', [1]);
  }
}

/** The line through numbers at the sizes, undefined where there is none of whole numbers. */
function lineThrough(traces: readonly SizedTrace[], values: readonly number[]): Line | undefined {
  const [a, b] = traces as readonly [SizedTrace, SizedTrace];
  const rate = ((values[1] as number) - (values[0] as number)) / (b.size - a.size);
  const rest = (values[0] as number) - rate * a.size;
  const fits = traces.every(({ size }, i) => rate * size + rest === values[i]);
  return Number.isInteger(rate) && fits ? { rate, rest } : undefined;
}

function nameOf(rate: number, rest: number): number | string {
  if (rate === 0) return rest;
  const product = rate === 1 ? 'batch' : `${rate}*batch`;
  return rest === 0 ? product : `${product}${rest > 0 ? '+' : ''}${rest}`;
}

function sameElements(a: Value, b: Value): boolean {
  if (a.dtype !== b.dtype) return false;
  if (a.splat !== undefined || b.splat !== undefined) return Object.is(a.splat, b.splat);
  const [x, y] = [a.constant, b.constant];
  if (!x || !y || x.length !== y.length) return false;
  for (let i = 0; i < x.length; i++) if (!Object.is(x[i], y[i])) return false;
  return true;
}

/** The nodes that values need, each after those that it reads. */
export function reachable(values: readonly Value[]): Node[] {
  const order = new Set<Node>();
  const place = (value: Value) => {
    const { node } = value;
    if (!node || order.has(node)) return;
    for (const input of node.inputs) if (input) place(input);
    order.add(node);
  };
  values.forEach(place);
  return [...order];
}

function dependent(name: string, op: string, what: string): UniecsError {
  return new UniecsError({
    code: 'unsupported',
    where: 'exportOnnx',
    expected: `'${name}' to be the same function for every size of its batch`,
    got: `traces that differ in ${op}: ${what}`,
    hint: 'export a function whose rows do not depend on each other, nor on how many there are',
    details: { name, op },
  });
}
