import { Tensor, tensor, Variable } from '@tensorflow/tfjs-core';
import { namedParameters, UniecsError } from '@uniecs/tensor';
import { Tensor as OrtTensor } from 'onnxruntime-node';
import type { HostTensor } from '../trace/tensor-tree.js';
import { arrays } from './host-tensor.js';

/** Whatever holds variables: a module, a variable, or plain objects and arrays of them. */
export type StateTree =
  | Variable
  | { readonly tree: object }
  | readonly StateTree[]
  | { readonly [name: string]: StateTree };

/**
 * Variables whose current values live beside compiled functions, two buffers each: a call reads one and writes the other, so
 * no value is copied. Several compiled functions may share one state; their calls run one after the other.
 */
export interface DeviceState {
  readonly variables: readonly Variable[];
  /** The buffers that hold the current values, in the order of `variables`. */
  current(index: number): OrtTensor;
  /** The buffer for the next value of a variable; made when first asked for. */
  next(index: number): OrtTensor;
  /** Makes the next buffers of these variables current. */
  swap(indices: Iterable<number>): void;
  /** Runs a task after all earlier ones of this state are done, whether they succeeded or not. */
  inTurn<T>(task: () => Promise<T>): Promise<T>;
  /**
   * The current value of a variable: a view, valid until the variable changes again.
   *
   * @throws UniecsError `argument` for a variable that is not of this state
   */
  read(variable: Variable): HostTensor;
  /** Copies current values into the tfjs variables; calls still in flight are not in them. */
  pull(): void;
  /** Copies the tfjs variables into the buffers: after changing a variable eagerly, loading weights say. */
  push(): void;
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

/** Puts the variables of a tree beside the compiled functions, with their present values. */
export function deviceState(tree: StateTree): DeviceState {
  const variables = variablesOf(tree);
  const indexOf = new Map(variables.map((variable, index) => [variable, index]));
  const currents = variables.map(buffer);
  const others: (OrtTensor | undefined)[] = [];
  let last: Promise<unknown> = Promise.resolve();
  const next = (index: number) => {
    others[index] ??= buffer(variables[index] as Variable);
    return others[index];
  };
  const state: DeviceState = {
    variables,
    current: (index) => currents[index] as OrtTensor,
    next,
    swap: (indices) => {
      for (const index of indices) [currents[index], others[index]] = [next(index), currents[index] as OrtTensor];
    },
    inTurn: (task) => {
      const result = last.then(task);
      last = result.catch(() => {});
      return result;
    },
    read: (variable) => {
      const index = indexOf.get(variable);
      if (index === undefined) {
        throw new UniecsError({
          code: 'argument',
          where: 'DeviceState.read',
          expected: `one of the ${variables.length} variables of the state`,
          got: `variable '${variable.name}' of shape [${variable.shape.join(', ')}]`,
          hint: 'name it, or the module that holds it, when making the state',
        });
      }
      const { data } = state.current(index);
      return { dtype: variable.dtype as HostTensor['dtype'], shape: variable.shape, data: data as Float32Array };
    },
    pull: () => {
      for (const variable of variables) assign(variable, state.read(variable).data);
    },
    push: () => {
      variables.forEach((variable, i) => {
        (state.current(i).data as Float32Array).set(variable.dataSync() as Float32Array);
      });
    },
  };
  state.push();
  return state;
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
