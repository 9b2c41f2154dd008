import { chooseDevice, type Device, type OrtDevice } from '@uniecs/compile';
import { UniecsError } from '@uniecs/tensor';
import { loadTfjsBackend, type TfjsDeviceName, tfjsDevices } from './tfjs-device.js';

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

/**
 * The device of a name; what `auto` chose, and why, is told in one line.
 *
 * @throws UniecsError `unavailable` for a device that does not work here, saying what to install
 */
export async function deviceOf(
  name: DeviceName,
  note: (text: string) => void,
  { choose = chooseDevice, load = loadTfjsBackend } = {},
): Promise<Device> {
  if (!name.startsWith('tfjs:')) {
    const { device, why } = await choose(name as OrtDevice | 'auto');
    if (name === 'auto') note(`device: ${device} (${why})`);
    return device;
  }
  const { from, backend } = tfjsDevices[name as TfjsDeviceName];
  const found = await load(name as TfjsDeviceName);
  if ('works' in found) return `tfjs:${backend}`;
  throw new UniecsError({
    code: 'unavailable',
    where: `--device ${name}`,
    expected: `the package ${from}, and what it needs`,
    got: found.fails,
    hint: `${found.remedy}, or use --device cpu`,
  });
}
