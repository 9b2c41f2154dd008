import type { Device } from '@uniecs/compile';
import { UniecsError } from '@uniecs/tensor';
import { type DeviceName, deviceNames, deviceOf } from '../machine/device.js';

/**
 * The device of a run: the one of the flag, else the one that a resumed run had last, else what `auto` chooses. A resumed run that goes
 * to another device is told what that means.
 *
 * @param stored the device that a resumed run had
 * @throws UniecsError `unavailable` for a device that does not work here; `argument` where `stored` may be any of several names
 */
export async function runDevice(
  flag: DeviceName | undefined,
  stored: string | undefined,
  note: (text: string) => void,
): Promise<Device> {
  if (stored === undefined) return deviceOf(flag ?? 'auto', note);
  const name = flag ?? deviceNames.find((known) => known === stored);
  if (name === undefined) {
    throw new UniecsError({
      code: 'argument',
      where: 'train',
      expected: 'a --device to resume on',
      got: `none, where the run had ${stored}`,
      hint: `name one of ${deviceNames.join(', ')}`,
    });
  }
  const device = await deviceOf(name, note);
  if (device !== stored) {
    note(
      `the run had the device ${stored} and goes on with ${device}: losses and weights will not be to the bit those of a run without a stop`,
    );
  }
  return device;
}
