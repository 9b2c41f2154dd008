import { InferenceSession, Tensor as OrtTensor } from 'onnxruntime-node';
import { encodeModel, type Model } from '../onnx/encode.js';
import type { HostTensor } from '../trace/tensor-tree.js';
import type { OrtDevice } from './device.js';
import { runError, sessionError } from './session-errors.js';

/** How a session runs. */
export interface SessionOptions {
  /** Threads of ONNX Runtime; default its own choice, one per physical core. */
  readonly threads?: number;
  /**
   * Whether memory that an array leaves is kept for later ones, and never given back before `dispose`; default true. False suits a
   * function whose arrays are large and few, an optimizer's update of many million weights say.
   */
  readonly arena?: boolean;
  /** Whether threads that wait for work keep their processors busy meanwhile, ONNX Runtime's own choice; default true. Only on the CPU. */
  readonly spinning?: boolean;
  /** Writes ONNX Runtime's profile to this prefix, for measuring. */
  readonly profilePrefix?: string;
}

/** A model that ONNX Runtime has taken, with its failures as typed errors. */
export interface Session {
  /** Runs it; outputs are written into the tensors given for them, or into new ones where null. */
  run(
    feeds: Record<string, OrtTensor>,
    fetches: Record<string, OrtTensor | null>,
  ): Promise<InferenceSession.OnnxValueMapType>;
  release(): Promise<void>;
}

/**
 * Builds a session that runs wholly on one device.
 *
 * @param remote outputs that stay in the memory of a WebGPU device
 * @throws UniecsError `unavailable` for a device that does not work here, or has not the memory; `unsupported` for a model that ONNX
 *   Runtime does not take, naming the nodes that the device has no kernel for; from `run`: `data` where it fails on the values,
 *   `unavailable` where memory or the device fail
 */
export async function createSession(
  model: Model,
  { device, threads, arena = true, spinning = true, profilePrefix }: SessionOptions & { readonly device: OrtDevice },
  remote: readonly string[] = [],
): Promise<Session> {
  const session = await InferenceSession.create(encodeModel(model), {
    graphOptimizationLevel: 'all',
    // The plan of a whole call is one block beside the arena that the first call filled: nearly twice the memory, no faster.
    enableMemPattern: false,
    enableCpuMemArena: arena,
    // Failures are thrown; they need not be printed too.
    logSeverityLevel: 4,
    ...deviceOptions(device, model, remote),
    ...(device === 'cpu' && !spinning ? { extra: { session: { intra_op: { allow_spinning: '0' } } } } : {}),
    ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
    ...(profilePrefix === undefined ? {} : { enableProfiling: true, profileFilePrefix: profilePrefix }),
  }).catch(async (error) => {
    throw await sessionError(model, device, error);
  });
  return {
    run: (feeds, fetches) =>
      session.run(feeds, fetches, { logSeverityLevel: 4 }).catch((error) => {
        throw runError(model.name, device, error);
      }),
    release: () => session.release(),
  };
}

function deviceOptions(device: OrtDevice, model: Model, remote: readonly string[]): InferenceSession.SessionOptions {
  if (device === 'cpu') return { executionProviders: ['cpu'] };
  const session = { disable_cpu_ep_fallback: '1' };
  if (device === 'cuda') return { executionProviders: ['cuda'], extra: { session } };
  const location = (name: string) => (remote.includes(name) ? 'gpu-buffer' : 'cpu');
  return {
    // For its other layout ONNX Runtime moves transposes through the graph, to booleans too, which WebGPU cannot transpose.
    executionProviders: [{ name: 'webgpu', preferredLayout: 'NCHW' }],
    extra: { session, optimization: { disable_specified_optimizers: 'TransposeOptimizer' } },
    preferredOutputLocation: Object.fromEntries(model.outputs.map(({ name }) => [name, location(name)])),
  };
}

/** A host tensor as ONNX Runtime takes it: the same array. */
export function ortTensor({ dtype, shape, data }: HostTensor): OrtTensor {
  return new OrtTensor(dtype as 'float32', data as Float32Array, shape);
}

/** What ONNX Runtime gave, as a host tensor: the same array. */
export function hostOf(tensor: OrtTensor): HostTensor {
  return { dtype: tensor.type as HostTensor['dtype'], shape: tensor.dims, data: tensor.data as Float32Array };
}
