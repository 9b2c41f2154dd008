import type { DeviceProbe } from '@uniecs/compile';
import { describe, expect, it } from 'vitest';
import { checkedDevices, deviceChecks, optional } from './device-checks.js';
import type { LoadedBackend } from './tfjs-device.js';

const fast: DeviceProbe = { milliseconds: 1, cpuMilliseconds: 10, difference: 2e-6 };
const webgpu = (probe: () => Promise<DeviceProbe>) => deviceChecks({ probe }).webgpu;
const eager = (found: LoadedBackend) => deviceChecks({ load: async () => found })['tfjs:node-gpu'];

describe("the check of one of ONNX Runtime's devices", () => {
  it('works where the trial step agrees, faster than the CPU or slower', async () => {
    for (const milliseconds of [1, 100]) {
      const finding = await webgpu(async () => ({ ...fast, milliseconds })).run();
      expect(finding).toEqual({ works: expect.stringContaining(`takes ${milliseconds}.0 ms`) });
      expect(finding).toEqual({ works: expect.stringContaining('weights agree to 2e-6 (tested on a software') });
    }
  });

  it.each<[string, unknown, string]>([
    ['absent', { fails: 'No supported adapters' }, 'No supported adapters'],
    ['of other weights', { ...fast, difference: 0.5 }, 'weights change otherwise'],
    ['of NaN weights', { ...fast, difference: Number.NaN }, 'weights change otherwise'],
  ])('fails for a device %s, and says why', async (_, probe, why) => {
    expect(await webgpu(async () => probe as DeviceProbe).run()).toEqual({ fails: expect.stringContaining(why) });
  });

  it('is a note with what to do, where the device is optional and fails or throws', async () => {
    for (const probe of [async () => ({ fails: 'no card' }), () => Promise.reject(new Error('no card\nat x'))]) {
      expect(await optional(webgpu(probe)).run()).toEqual({
        note: expect.stringMatching(/^does not work here: no card; .*use the device cpu/),
      });
    }
  });
});

describe('the check of a device of tfjs', () => {
  it('says what loading it found', async () => {
    const works = { works: 'multiplies on the graphics card' };
    expect(await eager(works).run()).toEqual(works);
    const finding = await eager({ fails: 'it found no graphics card', remedy: 'install CUDA' }).run();
    expect(finding).toEqual({ fails: 'it found no graphics card; install CUDA' });
  });
});

it('each untested device names the command that tests it', () => {
  const checks = deviceChecks();
  expect(Object.keys(checks)).toEqual([...checkedDevices]);
  for (const name of ['cuda', 'tfjs:node-gpu'] as const) {
    expect(checks[name].remedy).toContain(`uniecs doctor --device ${name} tests it`);
  }
});
