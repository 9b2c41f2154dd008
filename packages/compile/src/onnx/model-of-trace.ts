import type { Elements, Node, Value } from '../graph/graph.js';
import { schedule } from '../graph/schedule.js';
import { elementsOf } from '../kernels/tools.js';
import type { Trace } from '../trace/trace.js';
import type { Model } from './encode.js';

/** A trace as an ONNX model, and the names of its inputs and outputs that remain. */
export interface TracedModel {
  readonly model: Model;
  /** Names of model inputs by path of the input tree; an input that nothing reads is left out. */
  readonly inputs: ReadonlyMap<string, string>;
  /** Names of model inputs by index of the variable. */
  readonly stateInputs: ReadonlyMap<number, string>;
  /** Names of model outputs by index of the variable. */
  readonly stateOutputs: ReadonlyMap<number, string>;
  /** Names of model outputs by path of the output tree. */
  readonly outputs: ReadonlyMap<string, string>;
}

/** Orders the needed nodes, names the values and gives every output a node of its own. */
export function modelOfTrace(trace: Trace, name: string, embedded?: (index: number) => Elements): TracedModel {
  const wanted = [...trace.outputs.values(), ...trace.stateOutputs.values()];
  const nodes = schedule(trace.graph, wanted);
  const names = new Map<Value, string>();
  const nameOf = (value: Value | undefined): string => {
    if (!value) return '';
    const known = names.get(value);
    if (known) return known;
    const made = value.inputName ?? `v${value.id}`;
    names.set(value, made);
    return made;
  };
  const read = new Set<Value>();
  for (const node of nodes) for (const input of node.inputs) if (input) read.add(input);
  for (const value of wanted) read.add(value);

  const stateValues = new Map([...trace.stateInputs].map(([index, value]) => [value, index]));
  const initializers: { name: string; value: Value; elements: Elements }[] = [];
  for (const value of read) {
    const stateIndex = embedded ? stateValues.get(value) : undefined;
    const elements = stateIndex === undefined ? elementsOf(value) : embedded?.(stateIndex);
    if (elements) initializers.push({ name: nameOf(value), value, elements });
  }

  const outputs: { name: string; value: Value }[] = [];
  const copies: Node[] = [];
  const output = (value: Value, outputName: string): string => {
    const copy: Value = { id: -1 - copies.length, dtype: value.dtype, shape: value.shape };
    names.set(copy, outputName);
    copies.push({ op: 'Identity', domain: '', inputs: [value], outputs: [copy], attributes: {} });
    outputs.push({ name: outputName, value: copy });
    return outputName;
  };
  const direct = new Map<Value, string>();
  // A value computed by a node is an output itself the first time; constants, inputs and repeats need a copying node.
  const give = (value: Value, outputName: string): string => {
    if (!value.node || direct.has(value)) return output(value, outputName);
    direct.set(value, outputName);
    names.set(value, outputName);
    outputs.push({ name: outputName, value });
    return outputName;
  };
  const stateOutputs = new Map([...trace.stateOutputs].map(([index, value]) => [index, give(value, `next.${index}`)]));
  const outputNames = new Map([...trace.outputs].map(([path, value]) => [path, give(value, `out.${path}`)]));

  const kept = <Key>(map: ReadonlyMap<Key, Value>, unless = false) =>
    new Map([...map].filter(([, value]) => read.has(value) && !unless).map(([key, value]) => [key, nameOf(value)]));
  const inputs = kept(trace.inputs);
  const stateInputs = kept(trace.stateInputs, embedded !== undefined);
  const inputValues = [...trace.inputs.values(), ...(embedded ? [] : trace.stateInputs.values())];
  const model: Model = {
    name,
    nodes: [...nodes, ...copies],
    initializers,
    inputs: inputValues.filter((value) => read.has(value)).map((value) => ({ name: nameOf(value), value })),
    outputs,
    nameOf,
  };
  return { model, inputs, stateInputs, stateOutputs, outputs: outputNames };
}
