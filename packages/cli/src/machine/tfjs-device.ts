import * as tf from '@tensorflow/tfjs-core';

/** The names of `--device` that run eagerly on a tfjs backend. */
export type TfjsDeviceName = 'tfjs:node-gpu' | 'tfjs:node' | 'tfjs:wasm' | 'tfjs:cpu';

/** A device of tfjs: the package that registers its backend, and under which name. */
export interface TfjsDevice {
  readonly from: string;
  readonly backend: string;
  /** Whether it must be a graphics card that does the work. */
  readonly gpu?: true;
}

/** The devices of tfjs by their name of `--device`. */
export const tfjsDevices: Readonly<Record<TfjsDeviceName, TfjsDevice>> = {
  'tfjs:node-gpu': { from: '@tensorflow/tfjs-node-gpu', backend: 'tensorflow', gpu: true },
  'tfjs:node': { from: '@tensorflow/tfjs-node', backend: 'tensorflow' },
  'tfjs:wasm': { from: '@tensorflow/tfjs-backend-wasm', backend: 'wasm' },
  'tfjs:cpu': { from: '@tensorflow/tfjs-backend-cpu', backend: 'cpu' },
};

/** What loading a backend found; `remedy` says what to do about a failure. */
export type LoadedBackend = { readonly works: string } | { readonly fails: string; readonly remedy: string };

/** What a backend says of itself; tfjs-node's says whether a graphics card does its work. */
interface Backend {
  readonly isUsingGpuDevice?: boolean;
}

/**
 * Loads the package of a device and multiplies on its backend; the backend that was active stays active.
 *
 * Without CUDA, tfjs-node-gpu multiplies on the CPU and says nothing: that is a failure here.
 *
 * @param load imports a package by name
 */
export async function loadTfjsBackend(
  name: TfjsDeviceName,
  load: (from: string) => Promise<unknown> = (from) => import(from),
): Promise<LoadedBackend> {
  const { from, backend, gpu } = tfjsDevices[name];
  const previous = tf.getBackend();
  try {
    await load(from);
    if (!(await tf.setBackend(backend))) return { fails: `its backend ${backend} does not start`, remedy: again(from) };
    const product = tf.tidy(() => tf.matMul(tf.tensor2d([[2]]), tf.tensor2d([[3]])).dataSync()[0]);
    if (product !== 6) return { fails: `2 times 3 came out as ${product}`, remedy: again(from) };
    const onCard = (tf.backend() as Backend).isUsingGpuDevice === true;
    if (gpu && !onCard) {
      return {
        fails: 'it found no graphics card and would run on the CPU',
        remedy: 'install CUDA 11.2 and cuDNN 8.1 with the driver of the card, or use --device tfjs:node for the CPU',
      };
    }
    return { works: `multiplies on ${onCard ? 'the graphics card' : 'the CPU'}` };
  } catch (error) {
    const said = error instanceof Error ? (error.message.trim().split('\n', 1)[0] as string) : String(error);
    return { fails: said, remedy: again(from) };
  } finally {
    if (previous) await tf.setBackend(previous);
  }
}

/** npm needs to run the package's install script, which fetches its library. */
const again = (from: string) =>
  from.includes('tfjs-node')
    ? `npm install ${from} beside uniecs (Node 22 or older)`
    : `npm install ${from} beside uniecs`;
