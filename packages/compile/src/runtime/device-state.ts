import { Tensor, tensor, Variable } from '@tensorflow/tfjs-core';
import { namedParameters, UniecsError } from '@uniecs/tensor';
import { Tensor as OrtTensor } from 'onnxruntime-node';
import type { HostTensor } from '../trace/tensor-tree.js';
import { backendOf, checkDevice, type Device } from './device.js';
import { downloadBuffers } from './download-buffers.js';
import { arrays, hostTensor } from './host-tensor.js';

/** Whatever holds variables: a module, a variable, or plain objects and arrays of them. */
export type StateTree =
  | Variable
  | { readonly tree: object }
  | readonly StateTree[]
  | { readonly [name: string]: StateTree };

/** Where a buffer is: in the host's memory, or in that of a WebGPU device. */
export type BufferLocation = 'cpu' | 'gpu-buffer';

/** Two buffers for each variable of a state: a run reads one and writes the other, so no value is copied. */
export interface StateBuffers {
  /** The buffer that holds a variable's current value; on the device once a function ran there. */
  current(index: number): OrtTensor;
  /**
   * The buffer for the next value of a variable, made when first asked for; null in a device's memory, where every run makes its
   * own (ONNX Runtime's binding for Node writes into no given one).
   */
  next(index: number, location: BufferLocation): OrtTensor | null;
  /** Takes the buffer that a run made for the next value. */
  hold(index: number, made: OrtTensor): void;
  /** Makes the next buffers of these variables current. */
  swap(indices: Iterable<number>): void;
  /**
   * Moves all values to the host's memory. To be done before a session is released: ONNX Runtime ends the process when a buffer is
   * read or freed that a session made which is gone.
   */
  toHost(): Promise<void>;
}

/** Variables whose current values live beside compiled functions, which may share them: their calls run one after the other. */
export interface DeviceState {
  /** Where functions with this state run. */
  readonly device: Device;
  readonly variables: readonly Variable[];
  /** Where the values are; none for an eager device, whose state is in the tfjs variables themselves. */
  readonly buffers?: StateBuffers;
  /** For some variables, others whose values are read in their place. */
  readonly stand?: ReadonlyMap<Variable, Variable>;
  /** Runs a task after all earlier ones of this state are done, whether they succeeded or not. */
  inTurn<T>(task: () => Promise<T>): Promise<T>;
  /**
   * Brings values that are in a device's memory to the host, where `read` sees them until they change again; calls made before
   * are in them. Nothing to do on the CPU.
   */
  download(): Promise<void>;
  /**
   * The current value of a variable: a view, valid until the variable changes again.
   *
   * @throws UniecsError `argument` for a variable that is not of this state; `unavailable` for one that is on a device and was
   *   not downloaded since it changed
   */
  read(variable: Variable): HostTensor;
  /** Copies current values into the tfjs variables; calls made before are in them. */
  pull(): Promise<void>;
  /** Copies the tfjs variables into the buffers: after changing a variable eagerly, loading weights say. */
  push(): void;
  /**
   * Frees the buffers, after the calls in flight; the tfjs variables stay as they are (`pull` first to have the values there). Later
   * calls and reads are refused. An eager device has none to free, and goes on. Sooner than the functions that use the state it
   * spares them bringing its values from the device.
   */
  dispose(): Promise<void>;
}

/**
 * The variables in a state tree, each once, in the order of the tree.
 *
 * @throws UniecsError `argument` for a tensor that is no variable: it could not be assigned
 */
export function variablesOf(tree: StateTree): Variable[] {
  const found = new Set<Variable>();
  const visit = (node: unknown, path: string) => {
    if (node instanceof Variable) found.add(node);
    else if (node instanceof Tensor) throw notVariable(node, path);
    else if (typeof node === 'object' && node !== null && !ArrayBuffer.isView(node)) {
      if ('tree' in node) for (const variable of namedParameters(node as never).values()) found.add(variable);
      else for (const [name, child] of Object.entries(node)) visit(child, path === '' ? name : `${path}.${name}`);
    }
  };
  visit(tree, '');
  return [...found];
}

function notVariable({ shape }: Tensor, path: string): UniecsError {
  return new UniecsError({
    code: 'argument',
    where: 'state',
    expected: 'variables, modules, and plain objects and arrays of them',
    got: `a tensor of shape [${shape.join(', ')}] at '${path}'`,
    hint: 'make it a variable (tf.variable), or pass it as an input',
  });
}

/** One task after the other. */
function turns(): DeviceState['inTurn'] {
  let last: Promise<unknown> = Promise.resolve();
  return (task) => {
    const result = last.then(task);
    last = result.catch(() => {});
    return result;
  };
}

/**
 * Puts the variables of a tree beside the compiled functions of a device, with their present values.
 *
 * @param device where the functions run; default `cpu`
 * @throws UniecsError `argument` for a name that is none of a device, a tensor that is no variable
 */
export function deviceState(tree: StateTree, device: Device = 'cpu'): DeviceState {
  checkDevice(device, 'deviceState');
  const variables = variablesOf(tree);
  return backendOf(device) === undefined ? bufferedState(variables, device) : eagerState(variables, device);
}

/** A state in the tfjs variables themselves. */
function eagerState(variables: readonly Variable[], device: Device): DeviceState {
  const inTurn = turns();
  const state: DeviceState = {
    device,
    variables,
    inTurn,
    download: () => inTurn(async () => {}),
    read: (variable) => {
      if (!variables.includes(variable)) throw notOfState('DeviceState.read', state, variable);
      return hostTensor(variable);
    },
    pull: () => inTurn(async () => {}),
    push: () => {},
    dispose: () => inTurn(async () => {}),
  };
  return state;
}

function bufferedState(variables: readonly Variable[], device: Device): DeviceState {
  const indexOf = new Map(variables.map((variable, index) => [variable, index]));
  const currents = variables.map(buffer);
  const others: (OrtTensor | undefined)[] = [];
  /** Host copies of current values that are on a device. */
  const copies = new Map<number, HostTensor['data']>();
  let disposed = false;
  const current = (index: number) => {
    if (disposed) throw stateDisposed();
    return currents[index] as OrtTensor;
  };
  async function download(): Promise<void> {
    const remote = variables.map((_, i) => i).filter((i) => current(i).location !== 'cpu' && !copies.has(i));
    const values = await downloadBuffers(remote.map((i) => currents[i] as OrtTensor));
    remote.forEach((index, i) => void copies.set(index, values[i] as Float32Array));
  }
  const buffers: StateBuffers = {
    current,
    next: (index, location) => {
      if (location !== 'cpu') return null;
      others[index] ??= buffer(variables[index] as Variable);
      return others[index];
    },
    hold: (index, made) => {
      others[index]?.dispose();
      others[index] = made;
    },
    swap: (indices) => {
      for (const index of indices) {
        [currents[index], others[index]] = [others[index] as OrtTensor, currents[index] as OrtTensor];
        copies.delete(index);
        if (others[index]?.location === 'gpu-buffer') others[index]?.dispose();
        if (currents[index]?.location === 'gpu-buffer') others[index] = undefined;
      }
    },
    toHost: async () => {
      if (disposed) return;
      await download();
      for (const [index, values] of copies) {
        const { type, dims } = current(index);
        current(index).dispose();
        currents[index] = new OrtTensor(type as 'float32', values as Float32Array, dims);
      }
      copies.clear();
      others.forEach((made, index) => {
        if (made?.location !== 'gpu-buffer') return;
        made.dispose();
        others[index] = undefined;
      });
    },
  };
  const inTurn = turns();
  const state: DeviceState = {
    device,
    variables,
    buffers,
    inTurn,
    download: () => inTurn(download),
    read: (variable) => {
      const index = indexOf.get(variable);
      if (index === undefined) throw notOfState('DeviceState.read', state, variable);
      const buffer = current(index);
      const data = buffer.location === 'cpu' ? (buffer.data as Float32Array) : copies.get(index);
      if (data === undefined) throw notDownloaded(variable);
      return { dtype: variable.dtype as HostTensor['dtype'], shape: variable.shape, data };
    },
    pull: () =>
      inTurn(async () => {
        await download();
        for (const variable of variables) assign(variable, state.read(variable).data);
      }),
    push: () => {
      variables.forEach((variable, i) => {
        const old = current(i);
        if (old.location !== 'cpu') {
          currents[i] = buffer(variable);
          copies.delete(i);
          old.dispose();
        }
        (current(i).data as Float32Array).set(variable.dataSync() as Float32Array);
      });
    },
    dispose: () =>
      inTurn(async () => {
        if (disposed) return;
        disposed = true;
        for (const made of [...currents, ...others]) made?.dispose();
        copies.clear();
      }),
  };
  state.push();
  return state;
}

/** The error for a variable that is not of a state. */
export function notOfState(where: string, { variables }: DeviceState, variable: Variable): UniecsError {
  return new UniecsError({
    code: 'argument',
    where,
    expected: `one of the ${variables.length} variables of the state`,
    got: `variable '${variable.name}' of shape [${variable.shape.join(', ')}]`,
    hint: 'name it, or the module that holds it, when making the state',
  });
}

function stateDisposed(): UniecsError {
  return new UniecsError({
    code: 'unavailable',
    where: 'DeviceState',
    expected: 'a state in use',
    got: 'one that was disposed',
    hint: 'make it again with deviceState, or dispose it later',
  });
}

function notDownloaded(variable: Variable): UniecsError {
  return new UniecsError({
    code: 'unavailable',
    where: 'DeviceState.read',
    expected: 'a value in host memory',
    got: `variable '${variable.name}' in the memory of the device`,
    hint: 'await state.download() first',
  });
}

function buffer(variable: Variable): OrtTensor {
  const make = arrays[variable.dtype as keyof typeof arrays];
  return new OrtTensor(variable.dtype as 'float32', new make(variable.size) as Float32Array, variable.shape);
}

function assign(variable: Variable, values: HostTensor['data']): void {
  const copy = tensor(values.slice() as Float32Array, variable.shape, variable.dtype);
  variable.assign(copy);
  copy.dispose();
}
