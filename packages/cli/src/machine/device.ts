import { chooseDevice, type Device, type OrtDevice } from '@uniecs/compile';
import { UniecsError } from '@uniecs/tensor';

/** The names of `--device`. */
export const deviceNames = [
  'auto',
  'cpu',
  'webgpu',
  'cuda',
  'tfjs:node-gpu',
  'tfjs:node',
  'tfjs:wasm',
  'tfjs:cpu',
] as const;

/** A name of `--device`. */
export type DeviceName = (typeof deviceNames)[number];

/** The tfjs backends by their name of `--device`: the package that registers each, and under which name. */
const tfjsBackends: Readonly<Record<string, { readonly from: string; readonly backend: string }>> = {
  'tfjs:node-gpu': { from: '@tensorflow/tfjs-node-gpu', backend: 'tensorflow' },
  'tfjs:node': { from: '@tensorflow/tfjs-node', backend: 'tensorflow' },
  'tfjs:wasm': { from: '@tensorflow/tfjs-backend-wasm', backend: 'wasm' },
  'tfjs:cpu': { from: '@tensorflow/tfjs-backend-cpu', backend: 'cpu' },
};

/**
 * The device of a name; what `auto` chose, and why, is told in one line.
 *
 * @throws UniecsError `unavailable` for a device that does not work here, saying what to install
 */
export async function deviceOf(name: DeviceName, note: (text: string) => void): Promise<Device> {
  const tfjs = tfjsBackends[name];
  if (!tfjs) {
    const { device, why } = await chooseDevice(name as OrtDevice | 'auto');
    if (name === 'auto') note(`device: ${device} (${why})`);
    return device;
  }
  try {
    await import(tfjs.from);
  } catch (cause) {
    throw new UniecsError({
      code: 'unavailable',
      where: `--device ${name}`,
      expected: `the package ${tfjs.from}`,
      got: cause instanceof Error ? (cause.message.split('\n', 1)[0] as string) : String(cause),
      hint: `npm install ${tfjs.from} beside uniecs, or use --device cpu`,
      cause,
    });
  }
  return `tfjs:${tfjs.backend}`;
}
