import { tensor, Variable } from '@tensorflow/tfjs-core';
import { namedParameters } from '@uniecs/tensor';
import { Tensor as OrtTensor } from 'onnxruntime-node';
import type { HostTensor } from '../trace/tensor-tree.js';

/** Whatever holds variables: a module, a variable, or plain objects and arrays of them. */
export type StateTree =
  | Variable
  | { readonly tree: object }
  | readonly StateTree[]
  | { readonly [name: string]: StateTree };

/**
 * Variables whose current values live beside compiled functions, two buffers each: a call reads one and writes the other, so
 * no value is copied. Several compiled functions may share one state.
 */
export interface DeviceState {
  readonly variables: readonly Variable[];
  /** The buffers that hold the current values, in the order of `variables`. */
  current(index: number): OrtTensor;
  /** The buffer for the next value of a variable. */
  next(index: number): OrtTensor;
  /** Makes the next buffers of these variables current. */
  swap(indices: Iterable<number>): void;
  /** The current value of a variable: a view, valid until the variable changes again. */
  read(variable: Variable): HostTensor;
  /** Copies current values into the tfjs variables. */
  pull(): void;
  /** Copies the tfjs variables into the buffers. */
  push(): void;
}

/** The variables in a state tree, each once, in the order of the tree. */
export function variablesOf(tree: StateTree): Variable[] {
  const found = new Set<Variable>();
  const visit = (node: unknown) => {
    if (node instanceof Variable) found.add(node);
    else if (typeof node === 'object' && node !== null) {
      if ('tree' in node) for (const variable of namedParameters(node as never).values()) found.add(variable);
      else for (const child of Object.values(node)) visit(child);
    }
  };
  visit(tree);
  return [...found];
}

/** Puts the variables of a tree beside the compiled functions, with their present values. */
export function deviceState(tree: StateTree): DeviceState {
  const variables = variablesOf(tree);
  const indexOf = new Map(variables.map((variable, index) => [variable, index]));
  const buffers = variables.map((variable) => [buffer(variable), buffer(variable)] as [OrtTensor, OrtTensor]);
  const state: DeviceState = {
    variables,
    current: (index) => (buffers[index] as [OrtTensor, OrtTensor])[0],
    next: (index) => (buffers[index] as [OrtTensor, OrtTensor])[1],
    swap: (indices) => {
      for (const index of indices) (buffers[index] as OrtTensor[]).reverse();
    },
    read: (variable) => {
      const tensor = state.current(indexOf.get(variable) as number);
      return { dtype: variable.dtype as HostTensor['dtype'], shape: variable.shape, data: tensor.data as Float32Array };
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
  const make = variable.dtype === 'float32' ? Float32Array : variable.dtype === 'int32' ? Int32Array : Uint8Array;
  return new OrtTensor(variable.dtype as 'float32', new make(variable.size) as Float32Array, variable.shape);
}

function assign(variable: Variable, values: HostTensor['data']): void {
  const copy = tensor(values.slice() as Float32Array, variable.shape, variable.dtype);
  variable.assign(copy);
  copy.dispose();
}
