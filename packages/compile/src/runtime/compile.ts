import type { Variable } from '@tensorflow/tfjs-core';
import { UniecsError } from '@uniecs/tensor';
import type { Precision } from '../graph/graph.js';
import { encodeModel } from '../onnx/encode.js';
import { modelOfTrace } from '../onnx/model-of-trace.js';
import { type HostTensor, type HostTree, leavesOf } from '../trace/tensor-tree.js';
import { type Traceable, trace } from '../trace/trace.js';
import { checkPrecision } from './check-precision.js';
import { backendOf, type Device, type OrtDevice } from './device.js';
import { type DeviceState, deviceState, type StateBuffers, type StateTree } from './device-state.js';
import { eagerEngine } from './eager-engine.js';
import type { Engine, Preparation } from './engine.js';
import { graphEngine } from './graph-engine.js';
import { checkData, checkType, inputKind } from './host-tensor.js';
import type { SessionOptions } from './session.js';

/** How a function is compiled. */
export interface CompileOptions<Outputs = unknown> extends SessionOptions {
  /**
   * Where the function runs; default the device of the shared state, or `cpu`. Never in another place than that: a device that does
   * not work here is an error.
   */
  readonly device?: Device;
  /** The variables that the function reads or assigns: modules, optimizer state, …; or a state shared with other functions. */
  readonly state?: StateTree | DeviceState;
  /**
   * Decides from a call's outputs whether what it assigned becomes the state; default always. Where it returns false the call
   * returns its outputs and the state is as it was: nothing is copied either way.
   */
  readonly accept?: (outputs: HostTree<Outputs>) => boolean;
  /**
   * What matrix products multiply; default `float32`. With `float16` or `bfloat16` their operands are rounded to 16 bits and their
   * results are float32 again, as is all else: variables, sums, norms, softmax. `inFloat32` of
   * `@uniecs/tensor` exempts a part of the function. The CPU
   * has no such products: operands and results are rounded there and float32 is multiplied, which shows what 16 bits do to a model
   * and is slower.
   */
  readonly precision?: Precision;
  /** Name in the ONNX file and in errors; default the function's. */
  readonly name?: string;
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
  prepare(inputs: HostTree<Inputs>): Promise<Preparation>;
  /**
   * The same graph as a standalone ONNX file for these input shapes, with the state's current values inside.
   *
   * Its inputs are named by their paths (`batch.pixels`; `input` where the function takes one tensor), its outputs `out.` and
   * their paths (`output` where it returns one tensor). Inputs that no output depends on, and assignments to the state, are
   * left out. Operators are ONNX's (opset 20) and ONNX Runtime's (`com.microsoft`).
   */
  toOnnx(inputs: HostTree<Inputs>): Uint8Array;
  /** Copies the state's current values into the tfjs variables; calls made before are in them. */
  sync(): Promise<void>;
  /** Frees the sessions, after the calls in flight. Later calls are refused; the state stays, its values in host memory. */
  dispose(): Promise<void>;
}

/**
 * Compiles a function of tensors to ONNX and runs it with ONNX Runtime on a device: the same results as eager tfjs, gradients
 * inside included.
 *
 * The function is called once per set of input shapes, on tensors without values; whatever tfjs ops it calls become the
 * graph. Variables named in `state` are read from and written to buffers beside the session (`sync()` writes them back to the
 * tfjs variables); anything else that would be frozen into the graph unseen is refused.
 *
 * @throws UniecsError `argument` for the name of a device that is none, and with `unsupported` for a precision that the device does not have; (from calls and `prepare`) `unsupported` naming an op and its call site; `argument` for undeclared
 *   variables, large captured tensors, random draws, reads of values, missing and unread inputs; `shape` for data that does
 *   not fit; `data` where ONNX Runtime fails on the values; `unavailable` where the device or its memory fail, and after `dispose`
 */
export function compile<Inputs, Outputs>(
  fn: (inputs: Inputs) => Outputs,
  options: CompileOptions<Outputs> = {},
): CompiledFunction<Inputs, Outputs> {
  const name = options.name ?? (fn.name || 'compiled');
  const state = stateOf(options, name);
  const { precision = 'float32' } = options;
  checkPrecision(precision, state.device, name);
  const traceable: Traceable = {
    name,
    fn: fn as (inputs: never) => Outputs,
    state: state.variables,
    precision,
    // ONNX Runtime has no products of 16 bits for the CPU; those that it is given it computes in float32, unrounded.
    emulatesPrecision: state.device === 'cpu',
  };
  const engine = engineOf(traceable, state, options);
  let disposed = false;

  function inputsOf(tree: unknown): [string, HostTensor][] {
    const leaves = leavesOf(tree, inputKind, name);
    for (const [path, host] of leaves) checkType(host, path, name);
    return leaves;
  }

  function checkInUse(): void {
    if (disposed) throw disposedError(name);
  }

  async function call(inputs: unknown): Promise<unknown> {
    checkInUse();
    for (const [path, host] of inputsOf(inputs)) checkData(host, path, name);
    return state.inTurn(() => engine.run(inputs));
  }

  const compiled = Object.assign(call, {
    state,
    prepare: async (inputs: unknown) => {
      checkInUse();
      inputsOf(inputs);
      return engine.prepare(inputs);
    },
    toOnnx: (inputs: unknown) => {
      checkInUse();
      inputsOf(inputs);
      const values = (index: number) => state.read(state.variables[index] as Variable).data as Float32Array;
      return encodeModel(modelOfTrace(trace(traceable, inputs), name, values).model);
    },
    sync: () => state.pull(),
    dispose: () => {
      disposed = true;
      return state.inTurn(() => engine.dispose());
    },
  });
  return compiled as unknown as CompiledFunction<Inputs, Outputs>;
}

function engineOf<Outputs>(
  traceable: Traceable,
  state: DeviceState,
  options: CompileOptions<Outputs>,
): Engine<Outputs> {
  const backend = backendOf(state.device);
  if (backend !== undefined) return eagerEngine(traceable, state, backend, options.accept);
  const sessionOptions = { ...options, device: state.device as OrtDevice };
  return graphEngine(traceable, state.buffers as StateBuffers, sessionOptions, options.accept);
}

/** The state given, or one of the variables given. */
function stateOf({ state = [], device }: CompileOptions<never>, where: string): DeviceState {
  if (!isDeviceState(state)) return deviceState(state, device);
  if (device === undefined || device === state.device) return state;
  throw new UniecsError({
    code: 'argument',
    where,
    expected: `the device of the state, ${state.device}`,
    got: device,
    hint: 'make the state for the device: deviceState(variables, device)',
  });
}

function isDeviceState(state: StateTree | DeviceState): state is DeviceState {
  return typeof state === 'object' && 'inTurn' in state && typeof state.inTurn === 'function';
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
