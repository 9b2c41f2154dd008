import type { Tensor as OrtTensor } from 'onnxruntime-node';
import { forDevice } from '../graph/for-device.js';
import { modelOfTrace, type TracedModel } from '../onnx/model-of-trace.js';
import { type HostTree, leavesOf, mapLeaves } from '../trace/tensor-tree.js';
import { type Traceable, trace } from '../trace/trace.js';
import type { OrtDevice } from './device.js';
import type { StateBuffers } from './device-state.js';
import type { Accept, Engine, Preparation } from './engine.js';
import { inputKind } from './host-tensor.js';
import { createSession, hostOf, ortTensor, type Session, type SessionOptions } from './session.js';

interface Built {
  readonly traced: TracedModel;
  readonly outputTree: unknown;
  readonly session: Session;
  readonly report: Preparation;
}

/** Runs a function as one graph per set of input dtypes and shapes, in ONNX Runtime. */
export function graphEngine<Outputs>(
  traceable: Traceable,
  buffers: StateBuffers,
  options: SessionOptions & { readonly device: OrtDevice },
  accept: Accept<Outputs>,
): Engine<Outputs> {
  const { name } = traceable;
  const { device } = options;
  // On WebGPU the state stays in the memory of the device; for CUDA the binding for Node has no such buffers.
  const location = device === 'webgpu' ? 'gpu-buffer' : 'cpu';
  const sessions = new Map<string, Promise<Built>>();

  function built(inputs: unknown): Promise<Built> {
    const leaves = leavesOf(inputs, inputKind, name);
    const key = JSON.stringify(leaves.map(([path, { dtype, shape }]) => [path, dtype, shape]));
    const known = sessions.get(key);
    if (known) return known;
    const made = build(inputs);
    sessions.set(key, made);
    made.catch(() => sessions.delete(key));
    return made;
  }

  async function build(inputs: unknown): Promise<Built> {
    const start = performance.now();
    const traced = forDevice(trace({ ...traceable, loops: device === 'cpu' }, inputs), device, name);
    const model = modelOfTrace(traced, name);
    const modelled = performance.now();
    const session = await createSession(model.model, options, [...model.stateOutputs.values()]);
    const report = {
      nodes: model.model.nodes.reduce((count, { body }) => count + 1 + (body?.nodes.length ?? 0), 0),
      traceMs: modelled - start,
      sessionMs: performance.now() - modelled,
    };
    return { traced: model, outputTree: traced.outputTree, session, report };
  }

  async function run(inputs: unknown): Promise<HostTree<Outputs>> {
    const { traced, outputTree, session } = await built(inputs);
    const feeds: Record<string, OrtTensor> = {};
    for (const [path, host] of leavesOf(inputs, inputKind, name)) {
      const input = traced.inputs.get(path);
      if (input) feeds[input] = ortTensor(host);
    }
    for (const [index, input] of traced.stateInputs) feeds[input] = buffers.current(index);
    const fetches: Record<string, OrtTensor | null> = {};
    for (const output of traced.outputs.values()) fetches[output] = null;
    for (const [index, output] of traced.stateOutputs) fetches[output] = buffers.next(index, location);
    const results = await session.run(feeds, fetches);
    const outputs = mapLeaves(outputTree, isPath, (path) =>
      hostOf(results[traced.outputs.get(path) as string] as OrtTensor),
    ) as HostTree<Outputs>;
    for (const [index, output] of traced.stateOutputs) {
      if (fetches[output] === null) buffers.hold(index, results[output] as OrtTensor);
    }
    if (accept?.(outputs) ?? true) buffers.swap(traced.stateOutputs.keys());
    return outputs;
  }

  return {
    prepare: async (inputs) => (await built(inputs)).report,
    run,
    dispose: async () => {
      const results = await Promise.allSettled(sessions.values());
      sessions.clear();
      await buffers.toHost();
      for (const result of results) if (result.status === 'fulfilled') await result.value.session.release();
    },
  };
}

const isPath = (node: unknown): node is string => typeof node === 'string';
