import type { Elements, Node, Value } from '../graph/graph.js';
import { readBy } from '../graph/read-by.js';
import { schedule } from '../graph/schedule.js';
import { elementsOf } from '../kernels/tools.js';
import type { Trace } from '../trace/trace.js';
import type { Model } from './encode.js';

/** What a model is made of: a trace, or a part of one. */
export type Traced = Omit<Trace, 'outputTree'>;

/** A trace as an ONNX model, and the names of its inputs and outputs that remain. */
export interface TracedModel {
  readonly model: Model;
  /** Names of model inputs by path of the input tree; an input that nothing reads is left out. */
  readonly inputs: ReadonlyMap<string, string>;
  /** Names of model inputs by index of the variable; none where the values are inside. */
  readonly stateInputs: ReadonlyMap<number, string>;
  /** Names of model outputs by index of the variable. */
  readonly stateOutputs: ReadonlyMap<number, string>;
  /** Names of model outputs by path of the output tree. */
  readonly outputs: ReadonlyMap<string, string>;
}

/** Names of values, no two alike. */
class Names {
  readonly #names = new Map<Value, string>();
  readonly #taken = new Set<string>();

  give(value: Value, wanted: string): string {
    let name = wanted;
    for (let i = 1; this.#taken.has(name); i++) name = `${wanted}~${i}`;
    this.#taken.add(name);
    this.#names.set(value, name);
    return name;
  }

  of(value: Value): string {
    return this.#names.get(value) ?? this.give(value, `v${value.id}`);
  }
}

/**
 * Orders the needed nodes, names the values and gives every output a node of its own.
 *
 * @param embedded the values of the state, to be put inside a standalone model; assignments are left out of it then
 */
export function modelOfTrace(trace: Traced, name: string, embedded?: (index: number) => Elements): TracedModel {
  const assigned = embedded ? [] : [...trace.stateOutputs];
  const wanted = [...trace.outputs.values(), ...assigned.map(([, value]) => value)];
  const nodes = schedule(trace.nodes, wanted);
  const read = new Set<Value>(wanted);
  for (const node of nodes) for (const value of readBy(node)) read.add(value);

  const names = new Names();
  const kept = <Key>(map: ReadonlyMap<Key, Value>) => [...map].filter(([, value]) => read.has(value));
  const named = <Key>(entries: readonly (readonly [Key, Value])[]) =>
    new Map(entries.map(([key, value]) => [key, names.give(value, value.inputName ?? String(key))]));
  const inputs = kept(trace.inputs);
  const stateValues = kept(trace.stateInputs);
  const stateInputs = embedded ? [] : stateValues;
  const inputNames = named(inputs);
  const stateInputNames = named(stateInputs);

  const outputs: { name: string; value: Value }[] = [];
  const copies: Node[] = [];
  const direct = new Set<Value>();
  const output = (value: Value, wantedName: string): string => {
    // A value computed by a node is an output itself the first time; constants, inputs and repeats need a copying node.
    const itself = value.node !== undefined && !direct.has(value);
    const given: Value = itself ? value : { id: -1 - copies.length, dtype: value.dtype, shape: value.shape };
    if (itself) direct.add(value);
    else copies.push({ op: 'Identity', domain: '', inputs: [value], outputs: [given], attributes: {} });
    const outputName = names.give(given, wantedName);
    outputs.push({ name: outputName, value: given });
    return outputName;
  };
  const stateOutputs = new Map(assigned.map(([index, value]) => [index, output(value, `next.${index}`)]));
  const outputNames = new Map(
    [...trace.outputs].map(([path, value]) => [path, output(value, path === '' ? 'output' : `out.${path}`)]),
  );

  const embeddedIndex = new Map(embedded ? stateValues.map(([index, value]) => [value, index]) : []);
  const initializers: { name: string; value: Value; elements: Elements }[] = [];
  for (const value of read) {
    const index = embeddedIndex.get(value);
    const elements = index === undefined ? elementsOf(value) : embedded?.(index);
    if (elements) initializers.push({ name: names.of(value), value, elements });
  }
  const model: Model = {
    name,
    nodes: [...nodes, ...copies],
    initializers,
    inputs: [...inputs, ...stateInputs].map(([, value]) => ({ name: names.of(value), value })),
    outputs,
    nameOf: (value) => (value ? names.of(value) : ''),
  };
  return { model, inputs: inputNames, stateInputs: stateInputNames, stateOutputs, outputs: outputNames };
}
