import { expect, it } from 'vitest';
import type { DeviceName } from '../machine/device.js';
import { runDevice } from './run-device.js';

async function chosen(flag: DeviceName | undefined, stored: string | undefined) {
  const notes: string[] = [];
  const device = await runDevice(flag, stored, (text) => notes.push(text));
  return { device, notes };
}

it.each(['cpu', 'tfjs:cpu'])('a resumed run stays on its device %s, without a trial or a word', async (stored) => {
  expect(await chosen(undefined, stored)).toEqual({ device: stored, notes: [] });
});

it('another device than the run had is taken where it is asked for, with one note', async () => {
  const { device, notes } = await chosen('cpu', 'webgpu');
  expect(device).toBe('cpu');
  expect(notes).toHaveLength(1);
  expect(notes[0]).toMatch(/had the device webgpu and goes on with cpu: .* not be to the bit/);
  expect(await chosen('tfjs:cpu', 'tfjs:cpu')).toEqual({ device: 'tfjs:cpu', notes: [] });
});

it('a run that is not resumed is on the device of the flag, or tried and told', async () => {
  expect(await chosen('tfjs:cpu', undefined)).toEqual({ device: 'tfjs:cpu', notes: [] });
  const { device, notes } = await chosen(undefined, undefined);
  expect(notes).toEqual([expect.stringMatching(new RegExp(`^device: ${device} \\(`))]);
});

it('a stored device that several packages stand for has to be named', async () => {
  await expect(chosen(undefined, 'tfjs:tensorflow')).rejects.toMatchObject({ code: 'argument' });
  await expect(chosen(undefined, 'tfjs:tensorflow')).rejects.toThrow(
    /none, where the run had tfjs:tensorflow; .*node-gpu/,
  );
});
