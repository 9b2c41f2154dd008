import type { Tensor } from '@tensorflow/tfjs-core';
import { UniecsError } from '@uniecs/tensor';
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { encodeModel } from '../onnx/encode.js';
import { modelOfTrace, type TracedModel } from '../onnx/model-of-trace.js';
import { type HostTensor, type HostTree, isHostTensor, leavesOf, mapLeaves } from '../trace/tensor-tree.js';
import { type Trace, trace } from '../trace/trace.js';
import { type DeviceState, deviceState, type StateTree } from './device-state.js';

/** How a function is compiled. */
export interface CompileOptions {
  /** The variables that the function reads or assigns: modules, optimizer state, …; or a state shared with other functions. */
  readonly state?: StateTree | DeviceState;
  /** Threads of ONNX Runtime; default its own choice, one per physical core. */
  readonly threads?: number;
  /** Name in the ONNX file and in errors; default the function's. */
  readonly name?: string;
  /** Writes ONNX Runtime's profile to this prefix, for measuring. */
  readonly profilePrefix?: string;
}

/** A compiled function: takes and returns host arrays. Traced and built once per set of input shapes. */
export interface CompiledFunction<Inputs, Outputs> {
  (inputs: HostTree<Inputs>): Promise<HostTree<Outputs>>;
  readonly state: DeviceState;
  /** Traces and builds for these inputs (only their shapes count) without running. */
  prepare(
    inputs: HostTree<Inputs>,
  ): Promise<{ readonly nodes: number; readonly traceMs: number; readonly sessionMs: number }>;
  /** The same graph as a standalone ONNX file for these input shapes, with the state's current values inside. */
  toOnnx(inputs: HostTree<Inputs>): Uint8Array;
  /** Copies the state's current values into the tfjs variables. */
  sync(): void;
  /** Frees the sessions. */
  dispose(): Promise<void>;
}

interface Built {
  readonly traced: TracedModel;
  readonly outputTree: unknown;
  readonly session: InferenceSession;
  readonly report: { readonly nodes: number; readonly traceMs: number; readonly sessionMs: number };
}

/**
 * Compiles a function of tensors to ONNX and runs it with ONNX Runtime on the CPU: the same results as eager tfjs, gradients
 * inside included.
 *
 * The function is called once per set of input shapes, on tensors without values; whatever tfjs ops it calls become the
 * graph. Variables named in `state` are read from and written to buffers beside the session (`sync()` writes them back to the
 * tfjs variables); anything else that would be frozen into the graph unseen is refused.
 *
 * @throws UniecsError `unsupported` naming an op and its call site; `argument` for undeclared variables, large captured
 *   tensors, random draws and reads of values
 */
export function compile<Inputs, Outputs>(
  fn: (inputs: Inputs) => Outputs,
  options: CompileOptions = {},
): CompiledFunction<Inputs, Outputs> {
  const state = isDeviceState(options.state) ? options.state : deviceState(options.state ?? []);
  const name = options.name ?? (fn.name || 'compiled');
  const built = new Map<string, Promise<Built>>();

  const traceFor = (inputs: unknown): Trace =>
    trace(fn as (inputs: never) => Outputs, inputs, isHostTensor, state.variables);

  function prepare(inputs: unknown): Promise<Built> {
    const leaves = leavesOf(inputs, isHostTensor);
    const key = leaves.map(([path, { dtype, shape }]) => `${path}:${dtype}[${shape}]`).join(' ');
    const known = built.get(key);
    if (known) return known;
    const made = build(inputs);
    built.set(key, made);
    made.catch(() => built.delete(key));
    return made;
  }

  async function build(inputs: unknown): Promise<Built> {
    const start = performance.now();
    const traced = traceFor(inputs);
    const model = modelOfTrace(traced, name);
    const bytes = encodeModel(model.model);
    const encoded = performance.now();
    const session = await InferenceSession.create(bytes, {
      executionProviders: ['cpu'],
      graphOptimizationLevel: 'all',
      logSeverityLevel: 3,
      ...(options.threads === undefined ? {} : { intraOpNumThreads: options.threads }),
      ...(options.profilePrefix === undefined
        ? {}
        : { enableProfiling: true, profileFilePrefix: options.profilePrefix }),
      extra: { session: { set_denormal_as_zero: '1' } },
    });
    const report = {
      nodes: model.model.nodes.length,
      traceMs: encoded - start,
      sessionMs: performance.now() - encoded,
    };
    return { traced: model, outputTree: traced.outputTree, session, report };
  }

  async function call(inputs: unknown): Promise<unknown> {
    const { traced, outputTree, session } = await prepare(inputs);
    const feeds: Record<string, OrtTensor> = {};
    for (const [path, host] of leavesOf(inputs, isHostTensor)) {
      checkData(name, path, host);
      const input = traced.inputs.get(path);
      if (input) feeds[input] = new OrtTensor(host.dtype as 'float32', host.data as Float32Array, host.shape);
    }
    for (const [index, input] of traced.stateInputs) feeds[input] = state.current(index);
    const fetches: Record<string, OrtTensor | null> = {};
    for (const output of traced.outputs.values()) fetches[output] = null;
    for (const [index, output] of traced.stateOutputs) fetches[output] = state.next(index);
    const results = await session.run(feeds, fetches);
    state.swap(traced.stateOutputs.keys());
    return mapLeaves(outputTree, isPath, (path) => hostOf(results[traced.outputs.get(path) as string] as OrtTensor));
  }

  const compiled = Object.assign(call, {
    state,
    prepare: async (inputs: unknown) => (await prepare(inputs)).report,
    toOnnx: (inputs: unknown) => {
      const values = (index: number) => state.current(index).data as Float32Array;
      return encodeModel(modelOfTrace(traceFor(inputs), name, values).model);
    },
    sync: () => state.pull(),
    dispose: async () => {
      const sessions = await Promise.allSettled(built.values());
      built.clear();
      for (const result of sessions) if (result.status === 'fulfilled') await result.value.session.release();
    },
  });
  return compiled as unknown as CompiledFunction<Inputs, Outputs>;
}

const isPath = (node: unknown): node is string => typeof node === 'string';

function isDeviceState(state: CompileOptions['state']): state is DeviceState {
  return typeof state === 'object' && 'swap' in state && typeof state.swap === 'function';
}

function hostOf(tensor: OrtTensor): HostTensor {
  return { dtype: tensor.type as HostTensor['dtype'], shape: tensor.dims, data: tensor.data as Float32Array };
}

function checkData(name: string, path: string, { data, shape, dtype }: HostTensor): void {
  const size = shape.reduce((product, n) => product * n, 1);
  const fits =
    dtype === 'float32'
      ? data instanceof Float32Array
      : dtype === 'int32'
        ? data instanceof Int32Array
        : data instanceof Uint8Array;
  if (fits && data.length === size) return;
  throw new UniecsError({
    code: 'shape',
    where: name,
    expected: `${size} elements of ${dtype} for '${path}' of shape [${shape.join(', ')}]`,
    got: `${data.length} in a ${data.constructor.name}`,
    hint: 'pass data of the dtype and size that the shape says',
  });
}

/** A tfjs tensor's values as a host tensor, for calling a compiled function with it. */
export function hostTensor(tensor: Tensor): HostTensor {
  return { dtype: tensor.dtype as HostTensor['dtype'], shape: tensor.shape, data: tensor.dataSync() as Float32Array };
}
