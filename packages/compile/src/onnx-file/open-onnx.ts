import { open } from 'node:fs/promises';
import { UniecsError } from '@uniecs/tensor';
import { InferenceSession, type Tensor } from 'onnxruntime-node';
import { hostOf, ortTensor } from '../runtime/session.js';
import type { HostTensor } from '../trace/tensor-tree.js';
import { checkOnnx } from './check-onnx.js';

/** How an ONNX file is opened. */
export interface OpenOnnxOptions {
  /** Whether weights may be in other files of its folder; default false. */
  readonly externalData?: boolean;
  /** Threads of ONNX Runtime; default its own choice. */
  readonly threads?: number;
  /** Looks at the bytes before anything else is done with them, a hash say, and throws where they are not as they should be. */
  readonly inspect?: (bytes: Uint8Array) => void;
}

/** An ONNX file, ready to run on the CPU. */
export interface OnnxModel {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  /**
   * @throws UniecsError `argument` where an input is missing, `data` where ONNX Runtime fails on the values
   */
  run(inputs: Readonly<Record<string, HostTensor>>): Promise<Readonly<Record<string, HostTensor>>>;
  release(): Promise<void>;
}

/** A protobuf message holds no more. */
const largestFile = 2 ** 31;

/**
 * Opens an ONNX file for inference on the CPU, after `checkOnnx` has walked it.
 *
 * @throws UniecsError `file` for one that cannot be read, `data` as `checkOnnx`, or where ONNX Runtime does not take the graph
 */
export async function openOnnx(path: string, options: OpenOnnxOptions = {}): Promise<OnnxModel> {
  const { externalData = false, threads, inspect } = options;
  const bytes = await contentOf(path);
  inspect?.(bytes);
  const { metadata, external } = checkOnnx(bytes, { externalData, name: path });
  // From its path ONNX Runtime finds what lies beside it.
  const source = external.length > 0 ? path : bytes;
  const session = await InferenceSession.create(source as string, {
    executionProviders: ['cpu'],
    graphOptimizationLevel: 'all',
    enableMemPattern: false,
    logSeverityLevel: 4,
    ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
  }).catch((cause: unknown) => {
    throw unfit('data', path, `a graph that ONNX Runtime takes in ${path}`, reasonOf(cause), 'export it again', cause);
  });
  return {
    inputs: session.inputNames,
    outputs: session.outputNames,
    metadata,
    run: async (inputs) => {
      const missing = session.inputNames.find((name) => inputs[name] === undefined);
      if (missing !== undefined) {
        throw unfit('argument', path, `the input '${missing}' of ${path}`, 'none', 'pass all of its inputs');
      }
      const feeds = Object.fromEntries(session.inputNames.map((name) => [name, ortTensor(inputs[name] as HostTensor)]));
      const results = await session.run(feeds, { logSeverityLevel: 4 }).catch((cause: unknown) => {
        throw unfit('data', path, `inputs that ${path} takes`, reasonOf(cause), 'compare them with its shapes', cause);
      });
      return Object.fromEntries(Object.entries(results).map(([name, tensor]) => [name, hostOf(tensor as Tensor)]));
    },
    release: () => session.release(),
  };
}

async function contentOf(path: string): Promise<Uint8Array> {
  try {
    const file = await open(path, 'r');
    try {
      const { size } = await file.stat();
      if (size >= largestFile) {
        throw unfit(
          'data',
          path,
          `an ONNX file below 2 GiB: ${path}`,
          `${size} bytes`,
          'a protobuf message holds no more',
        );
      }
      return await file.readFile();
    } finally {
      await file.close();
    }
  } catch (cause) {
    if (UniecsError.isInstance(cause)) throw cause;
    throw unfit('file', path, `to read ${path}`, reasonOf(cause), 'pass a file of uniecs export', cause);
  }
}

const reasonOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause)).slice(0, 300);

function unfit(
  code: 'file' | 'data' | 'argument',
  path: string,
  expected: string,
  got: string,
  hint: string,
  cause?: unknown,
): UniecsError {
  return new UniecsError({ code, where: 'openOnnx', expected, got, hint, details: { path }, cause });
}
