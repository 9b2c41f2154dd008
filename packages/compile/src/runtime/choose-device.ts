import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { UniecsError } from '@uniecs/tensor';
import { deviceUnavailable, type OrtDevice, ortDevices } from './device.js';
import type { ProbedStep } from './probe-step.js';

/** What a try of a device found: how a training step went there, or why none can be taken. */
export type DeviceProbe = ProbedStep | { readonly fails: string };

const probes = new Map<OrtDevice, Promise<DeviceProbe>>();

/**
 * Tries a device with a small training step, in a process of its own, so that a broken driver ends nothing else. Each device is
 * tried once.
 *
 * @param device the device; `milliseconds` of the step and its `difference` from the CPU's weights come back
 */
export function probeDevice(device: OrtDevice): Promise<DeviceProbe> {
  const known = probes.get(device);
  if (known) return known;
  const probe = tryInProcess(device);
  probes.set(device, probe);
  return probe;
}

const program = '@uniecs/compile/device-probe';
/** A software driver takes seconds; one that hangs is given up. */
const patience = 60_000;

function tryInProcess(device: OrtDevice): Promise<DeviceProbe> {
  const path = createRequire(import.meta.url).resolve(program);
  return new Promise((resolve) => {
    execFile(process.execPath, [path, device], { timeout: patience, killSignal: 'SIGKILL' }, (error, stdout) => {
      const line = stdout.trim().split('\n').at(-1) ?? '';
      if (line.startsWith('{')) resolve(JSON.parse(line) as DeviceProbe);
      else resolve({ fails: `the try ended without a result (${error?.signal ?? error?.message ?? 'no output'})` });
    });
  });
}

/** A device and why it was chosen, in one line. */
export interface ChosenDevice {
  readonly device: OrtDevice;
  readonly why: string;
}

/** Weights that differ by more than this share after a few steps are no rounding. */
const tolerance = 1e-3;

/**
 * The device to use for a name. `auto` takes the first of webgpu and cuda whose trial step agrees with the CPU's and is faster, else
 * the CPU: so a software driver is not chosen.
 *
 * @throws UniecsError `argument` for a name that is none; `unavailable` for a device that does not work here, saying what to install
 */
export async function chooseDevice(name: OrtDevice | 'auto'): Promise<ChosenDevice> {
  if (name === 'cpu') return { device: 'cpu', why: 'asked for' };
  if (name === 'auto') return fastest();
  if (!ortDevices.includes(name)) {
    throw new UniecsError({
      code: 'argument',
      where: 'chooseDevice',
      expected: `auto, ${ortDevices.join(', ')}`,
      got: String(name),
      hint: 'name one of them',
    });
  }
  const probe = await probeDevice(name);
  if ('fails' in probe) throw deviceUnavailable('chooseDevice', name, probe.fails);
  return { device: name, why: 'asked for' };
}

async function fastest(): Promise<ChosenDevice> {
  const reasons: string[] = [];
  for (const device of ortDevices.filter((each) => each !== 'cpu')) {
    const probe = await probeDevice(device);
    const why = 'fails' in probe ? 'does not work here' : comparison(probe);
    if (!('fails' in probe) && probe.milliseconds < probe.cpuMilliseconds && probe.difference < tolerance) {
      return { device, why };
    }
    reasons.push(`${device} ${why}`);
  }
  return { device: 'cpu', why: reasons.join('; ') };
}

/** How a trial step compares with the CPU's, in words. */
export function comparison({ milliseconds, cpuMilliseconds, difference }: ProbedStep): string {
  const agrees = difference < tolerance ? '' : `, and its weights differ by ${difference.toPrecision(2)}`;
  return `takes ${milliseconds.toFixed(1)} ms for a trial step, the CPU ${cpuMilliseconds.toFixed(1)} ms${agrees}`;
}
