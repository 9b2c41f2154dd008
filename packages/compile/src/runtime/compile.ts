import { UniecsError } from '@uniecs/tensor';
import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { encodeModel } from '../onnx/encode.js';
import { modelOfTrace, type TracedModel } from '../onnx/model-of-trace.js';
import {
  type HostTensor,
  type HostTree,
  isHostTensor,
  type LeafKind,
  leavesOf,
  mapLeaves,
} from '../trace/tensor-tree.js';
import { type Trace, trace } from '../trace/trace.js';
import { type DeviceState, deviceState, type StateTree } from './device-state.js';
import { checkData, checkType } from './host-tensor.js';

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
  /**
   * Runs the function. Calls on one state run in the order in which they were made; the arrays of the inputs must stay as they
   * are until the call is done. A call that fails leaves the state as it was.
   */
  (inputs: HostTree<Inputs>): Promise<HostTree<Outputs>>;
  readonly state: DeviceState;
  /** Traces and builds for these inputs (only their dtypes and shapes count) without running. */
  prepare(
    inputs: HostTree<Inputs>,
  ): Promise<{ readonly nodes: number; readonly traceMs: number; readonly sessionMs: number }>;
  /**
   * The same graph as a standalone ONNX file for these input shapes, with the state's current values inside.
   *
   * Its inputs are named by their paths (`batch.pixels`; `input` where the function takes one tensor), its outputs `out.` and
   * their paths (`output` where it returns one tensor). Inputs that no output depends on, and assignments to the state, are
   * left out. Operators are ONNX's (opset 20) and ONNX Runtime's (`com.microsoft`).
   */
  toOnnx(inputs: HostTree<Inputs>): Uint8Array;
  /** Copies the state's current values into the tfjs variables. */
  sync(): void;
  /** Frees the sessions, after the calls in flight. Later calls are refused; the state stays. */
  dispose(): Promise<void>;
}

interface Built {
  readonly traced: TracedModel;
  readonly outputTree: unknown;
  readonly session: InferenceSession;
  readonly report: { readonly nodes: number; readonly traceMs: number; readonly sessionMs: number };
}

const inputKind: LeafKind<HostTensor> = {
  isLeaf: isHostTensor,
  role: 'inputs',
  plural: 'host tensors ({ dtype, shape, data })',
  hint: 'turn a tfjs tensor into one with hostTensor(tensor); leave out what is not there',
};

/**
 * Compiles a function of tensors to ONNX and runs it with ONNX Runtime on the CPU: the same results as eager tfjs, gradients
 * inside included.
 *
 * The function is called once per set of input shapes, on tensors without values; whatever tfjs ops it calls become the
 * graph. Variables named in `state` are read from and written to buffers beside the session (`sync()` writes them back to the
 * tfjs variables); anything else that would be frozen into the graph unseen is refused.
 *
 * @throws UniecsError (from calls and `prepare`) `unsupported` naming an op and its call site; `argument` for undeclared
 *   variables, large captured tensors, random draws, reads of values, missing and unread inputs; `shape` for data that does
 *   not fit; `data` where ONNX Runtime fails on the values; `unavailable` after `dispose`
 */
export function compile<Inputs, Outputs>(
  fn: (inputs: Inputs) => Outputs,
  options: CompileOptions = {},
): CompiledFunction<Inputs, Outputs> {
  const state = isDeviceState(options.state) ? options.state : deviceState(options.state ?? []);
  const name = options.name ?? (fn.name || 'compiled');
  const sessions = new Map<string, Promise<Built>>();
  let disposed = false;

  function inputsOf(tree: unknown): [string, HostTensor][] {
    const leaves = leavesOf(tree, inputKind, name);
    for (const [path, host] of leaves) checkType(host, path, name);
    return leaves;
  }

  function traceFor(inputs: unknown): Trace {
    return trace({ name, fn: fn as (inputs: never) => Outputs, state: state.variables }, inputs);
  }

  function built(inputs: unknown): Promise<Built> {
    const key = JSON.stringify(inputsOf(inputs).map(([path, { dtype, shape }]) => [path, dtype, shape]));
    const known = sessions.get(key);
    if (known) return known;
    const made = build(inputs);
    sessions.set(key, made);
    made.catch(() => sessions.delete(key));
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
      // Failures are thrown; they need not be printed too.
      logSeverityLevel: 4,
      ...(options.threads === undefined ? {} : { intraOpNumThreads: options.threads }),
      ...(options.profilePrefix === undefined
        ? {}
        : { enableProfiling: true, profileFilePrefix: options.profilePrefix }),
    }).catch((error) => {
      throw sessionError(name, error);
    });
    const report = {
      nodes: model.model.nodes.length,
      traceMs: encoded - start,
      sessionMs: performance.now() - encoded,
    };
    return { traced: model, outputTree: traced.outputTree, session, report };
  }

  async function run(inputs: unknown): Promise<unknown> {
    const { traced, outputTree, session } = await built(inputs);
    const feeds: Record<string, OrtTensor> = {};
    for (const [path, { dtype, shape, data }] of inputsOf(inputs)) {
      const input = traced.inputs.get(path);
      if (input) feeds[input] = new OrtTensor(dtype as 'float32', data as Float32Array, shape);
    }
    for (const [index, input] of traced.stateInputs) feeds[input] = state.current(index);
    const fetches: Record<string, OrtTensor | null> = {};
    for (const output of traced.outputs.values()) fetches[output] = null;
    for (const [index, output] of traced.stateOutputs) fetches[output] = state.next(index);
    const results = await session.run(feeds, fetches, { logSeverityLevel: 4 }).catch((error) => {
      throw runError(name, error);
    });
    state.swap(traced.stateOutputs.keys());
    return mapLeaves(outputTree, isPath, (path) => hostOf(results[traced.outputs.get(path) as string] as OrtTensor));
  }

  function checkInUse(): void {
    if (disposed) throw disposedError(name);
  }

  async function call(inputs: unknown): Promise<unknown> {
    checkInUse();
    for (const [path, host] of inputsOf(inputs)) checkData(host, path, name);
    return state.inTurn(() => run(inputs));
  }

  const compiled = Object.assign(call, {
    state,
    prepare: async (inputs: unknown) => {
      checkInUse();
      return (await built(inputs)).report;
    },
    toOnnx: (inputs: unknown) => {
      checkInUse();
      inputsOf(inputs);
      const values = (index: number) => state.current(index).data as Float32Array;
      return encodeModel(modelOfTrace(traceFor(inputs), name, values).model);
    },
    sync: () => state.pull(),
    dispose: () => {
      disposed = true;
      return state.inTurn(async () => {
        const results = await Promise.allSettled(sessions.values());
        sessions.clear();
        for (const result of results) if (result.status === 'fulfilled') await result.value.session.release();
      });
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

function disposedError(name: string): UniecsError {
  return new UniecsError({
    code: 'unavailable',
    where: name,
    expected: 'a compiled function in use',
    got: 'one that was disposed',
    hint: 'compile it again, or dispose it later',
  });
}

function sessionError(name: string, error: unknown): UniecsError {
  return new UniecsError({
    code: 'unsupported',
    where: name,
    expected: 'a graph that ONNX Runtime accepts',
    got: error instanceof Error ? error.message : String(error),
    hint: 'this is a fault of the compiler: please report it with the function',
    cause: error,
  });
}

function runError(name: string, error: unknown): UniecsError {
  return new UniecsError({
    code: 'data',
    where: name,
    expected: 'inputs on which the graph can run',
    got: error instanceof Error ? error.message : String(error),
    hint: 'check the values of the inputs (ids within their table, for one); the state is as it was',
    cause: error,
  });
}
