import * as tf from '@tensorflow/tfjs-core';
import { UniecsError } from '@uniecs/tensor';
import { type HostTensor, type HostTree, isHostTensor, isTensor, leavesOf, mapLeaves } from '../trace/tensor-tree.js';
import { type Traceable, tracedOutputs } from '../trace/trace.js';
import type { DeviceState } from './device-state.js';
import type { Accept, Engine } from './engine.js';
import { arrays } from './host-tensor.js';

/** Runs a function op by op on a registered tfjs backend. The state is in the variables themselves. */
export function eagerEngine<Outputs>(
  { name, fn }: Traceable,
  state: Pick<DeviceState, 'variables' | 'stand'>,
  backend: string,
  accept: Accept<Outputs>,
): Engine<Outputs> {
  async function run(inputs: unknown): Promise<HostTree<Outputs>> {
    await start(name, backend);
    const before = onBackend(backend, () => state.variables.map((variable) => tf.clone(variable as tf.Tensor)));
    const reset = () =>
      onBackend(backend, () => {
        state.variables.forEach((variable, i) => void variable.assign(before[i] as tf.Tensor));
      });
    let outputs: unknown;
    try {
      outputs = onBackend(backend, () => evaluate(inputs, before));
      const host = await downloaded(outputs, name);
      if (!(accept?.(host as HostTree<Outputs>) ?? true)) reset();
      return host as HostTree<Outputs>;
    } catch (error) {
      reset();
      throw error;
    } finally {
      tf.dispose([before, outputs] as tf.TensorContainer);
    }
  }

  function evaluate(inputs: unknown, before: readonly tf.Tensor[]): unknown {
    return tf.tidy(() => {
      for (const [variable, other] of state.stand ?? []) variable.assign(other);
      const result = fn(mapLeaves(inputs, isHostTensor, tensorOf) as never);
      // Copies, since a variable that is returned is not the caller's to dispose of.
      const copies = mapLeaves(result, isTensor, (tensor) => tf.clone(tensor)) as tf.TensorContainer;
      for (const [variable] of state.stand ?? [])
        variable.assign(before[state.variables.indexOf(variable)] as tf.Tensor);
      return copies;
    });
  }

  return {
    prepare: async () => {
      await start(name, backend);
      return { nodes: 0, traceMs: 0, sessionMs: 0 };
    },
    run,
    dispose: async () => {},
  };
}

const tensorOf = ({ dtype, shape, data }: HostTensor) => tf.tensor(data, [...shape], dtype);

async function downloaded(tree: unknown, name: string): Promise<unknown> {
  const hosts = new Map<string, HostTensor>();
  for (const [path, tensor] of leavesOf(tree, tracedOutputs, name)) {
    const { dtype, shape } = tensor;
    const make = arrays[dtype as keyof typeof arrays];
    hosts.set(path, { dtype: dtype as 'float32', shape, data: make.from(await tensor.data()) as Float32Array });
  }
  return mapLeaves(tree, isTensor, (_, path) => hosts.get(path));
}

/** What to import for the backends that are known. */
const packages: Readonly<Record<string, string>> = {
  cpu: '@tensorflow/tfjs-backend-cpu',
  wasm: '@tensorflow/tfjs-backend-wasm',
  webgpu: '@tensorflow/tfjs-backend-webgpu',
  tensorflow: '@tensorflow/tfjs-node-gpu (or @tensorflow/tfjs-node)',
};

/**
 * Does some work on a backend that has started, and leaves the one that was active active. Without a pause, so that no other tfjs
 * work comes in between: it would run on this backend. References are counted there too, so copies and assignments belong in it.
 */
function onBackend<T>(backend: string, work: () => T): T {
  const previous = tf.getBackend();
  // Takes effect at once, since the backend has started.
  void tf.setBackend(backend);
  try {
    return work();
  } finally {
    if (previous) void tf.setBackend(previous);
  }
}

const starting = new Map<string, Promise<tf.KernelBackend>>();

/** Starts the backend if it is not; the one that is active stays so meanwhile, and other work may go on. */
async function start(where: string, backend: string): Promise<void> {
  const unavailable = (got: string, hint: string, cause?: unknown) =>
    new UniecsError({ code: 'unavailable', where, expected: `the tfjs backend ${backend}`, got, hint, cause });
  const factory = tf.findBackendFactory(backend);
  if (!factory) {
    throw unavailable(
      'none registered by that name',
      `install and import ${packages[backend] ?? 'the package that registers it'}`,
    );
  }
  const { registry } = tf.engine();
  // Not tf.findBackend and tf.setBackend: they hold up all other tfjs work until a backend has started.
  if (registry[backend]) return;
  const started = starting.get(backend) ?? Promise.resolve().then(factory);
  starting.set(backend, started);
  try {
    const instance = await started;
    registry[backend] ??= instance;
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw unavailable(`one that does not start (${message})`, 'see what it needs', error);
  } finally {
    starting.delete(backend);
  }
}
