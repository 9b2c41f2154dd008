import { describe, expect, it } from 'vitest';
import { agrees, chooseWith, type DeviceProbe, probeOfOutput } from './choose-device.js';
import type { OrtDevice } from './device.js';
import { weightDifference } from './probe-step.js';

const fast: DeviceProbe = { milliseconds: 1, cpuMilliseconds: 10, difference: 1e-6 };
const absent: DeviceProbe = { fails: 'No supported adapters' };
const choose = (webgpu: DeviceProbe, cuda: DeviceProbe = absent, name: OrtDevice | 'auto' = 'auto') =>
  chooseWith(async (device) => (device === 'webgpu' ? webgpu : cuda), name);
/** A probe as it comes out of the process that made it. */
const throughProcess = (probe: object) => probeOfOutput(`a line of a driver\n${JSON.stringify(probe)}\n`, '');

describe('auto', () => {
  it('takes the first device that is faster and agrees', async () => {
    expect(await choose(fast)).toMatchObject({ device: 'webgpu', why: expect.stringContaining('1.0 ms') });
    expect((await choose(absent, fast)).device).toBe('cuda');
  });

  it.each<[string, object]>([
    ['whose weights are NaN', { ...fast, difference: Number.NaN }],
    ['whose weights are infinite', { ...fast, difference: Number.POSITIVE_INFINITY }],
    ['whose weights change otherwise than on the CPU', { ...fast, difference: 0.02 }],
    ['that is slower', { ...fast, milliseconds: 11 }],
    ['whose time is not known', { ...fast, milliseconds: Number.NaN }],
    ['that does not work', absent],
  ])('takes no device %s, and says why it takes the CPU', async (_, probe) => {
    for (const found of [probe as DeviceProbe, throughProcess(probe)]) {
      const { device, why } = await choose(found);
      expect(device).toBe('cpu');
      expect(why).toMatch(/^webgpu .*; cuda does not work here$/);
    }
  });
});

describe('a device asked for', () => {
  it('is taken where it works, slower or not, else refused', async () => {
    expect((await choose({ ...fast, milliseconds: 99 }, absent, 'webgpu')).device).toBe('webgpu');
    await expect(choose(absent, absent, 'webgpu')).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('is refused where its trial step gives weights that are not finite', async () => {
    const nan = throughProcess({ ...fast, difference: Number.NaN });
    await expect(choose(nan, absent, 'webgpu')).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('not finite'),
    });
  });
});

it('a try that ends without a result says how it ended', () => {
  expect(probeOfOutput('', 'SIGSEGV')).toEqual({ fails: 'the try ended without a result (SIGSEGV)' });
  expect(throughProcess(fast)).toEqual(fast);
});

it('weights are compared by how they change, and NaN is never agreement', () => {
  const before = Float32Array.of(1000, 1000);
  const here = Float32Array.of(1000.5, 1001);
  expect(weightDifference(before, here, here)).toBe(0);
  expect(weightDifference(before, Float32Array.of(1000.5, 1000.5), here)).toBeCloseTo(0.5);
  for (const bad of [
    [Float32Array.of(Number.NaN, 1001), here],
    [here, Float32Array.of(Number.NaN, 1001)],
    [Float32Array.of(1000.5), here],
    [before, before],
  ] as const) {
    const difference = weightDifference(before, ...bad);
    expect(agrees({ ...fast, difference } as never), `${difference}`).toBe(false);
  }
});
