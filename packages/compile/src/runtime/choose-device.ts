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
 * @param device the device; `milliseconds` of the step and its `difference` from the CPU's weights come back, finite both
 * @throws UniecsError `argument` for a name that is none
 */
export async function probeDevice(device: OrtDevice): Promise<DeviceProbe> {
  checkOrtDevice(device, 'probeDevice', ortDevices);
  const known = probes.get(device);
  if (known) return known;
  const probe = tryInProcess(device);
  probes.set(device, probe);
  return probe;
}

const program = '@uniecs/compile/device-probe';
/** A software driver takes seconds, on a busy machine many; one that hangs is given up. */
const patience = 120_000;

function tryInProcess(device: OrtDevice): Promise<DeviceProbe> {
  const path = createRequire(import.meta.url).resolve(program);
  return new Promise((resolve) => {
    execFile(process.execPath, [path, device], { timeout: patience, killSignal: 'SIGKILL' }, (error, stdout) =>
      resolve(probeOfOutput(stdout, error?.signal ?? error?.message ?? 'no output')),
    );
  });
}

/**
 * Reads what the process of a try wrote.
 *
 * @param ending how the process ended, for one that wrote no result
 */
export function probeOfOutput(stdout: string, ending: string): DeviceProbe {
  const line = stdout.trim().split('\n').at(-1) ?? '';
  if (!line.startsWith('{')) return { fails: `the try ended without a result (${ending})` };
  const found = JSON.parse(line) as DeviceProbe;
  if ('fails' in found) return found;
  const { milliseconds, cpuMilliseconds, difference } = found;
  // JSON has no NaN and no infinity: they arrive as null, which compares like 0.
  const finite = [milliseconds, cpuMilliseconds, difference].every(Number.isFinite);
  return finite ? found : { fails: 'weights that are not finite came out of a trial step' };
}

/** A device and why it was chosen, in one line. */
export interface ChosenDevice {
  readonly device: OrtDevice;
  readonly why: string;
}

/** What tries a device: `probeDevice`. */
export type Prober = (device: OrtDevice) => Promise<DeviceProbe>;

/**
 * The device to use for a name. `auto` takes the first of webgpu and cuda whose trial step agrees with the CPU's and is faster, else
 * the CPU: so a software driver is not chosen.
 *
 * @throws UniecsError `argument` for a name that is none; `unavailable` for a device that does not work here, saying what to install
 */
export function chooseDevice(name: OrtDevice | 'auto'): Promise<ChosenDevice> {
  return chooseWith(probeDevice, name);
}

/** `chooseDevice` with another prober. */
export async function chooseWith(probe: Prober, name: OrtDevice | 'auto'): Promise<ChosenDevice> {
  if (name === 'cpu') return { device: 'cpu', why: 'asked for' };
  if (name === 'auto') return fastest(probe);
  checkOrtDevice(name, 'chooseDevice', ['auto', ...ortDevices]);
  const found = await probe(name);
  if ('fails' in found) throw deviceUnavailable('chooseDevice', name, found.fails);
  return { device: name, why: 'asked for' };
}

async function fastest(probe: Prober): Promise<ChosenDevice> {
  const reasons: string[] = [];
  for (const device of ortDevices.filter((each) => each !== 'cpu')) {
    const found = await probe(device);
    const why = 'fails' in found ? 'does not work here' : comparison(found);
    if (!('fails' in found) && found.milliseconds < found.cpuMilliseconds && agrees(found)) return { device, why };
    reasons.push(`${device} ${why}`);
  }
  return { device: 'cpu', why: reasons.join('; ') };
}

/** Weights whose changes differ by more than this share are no rounding. */
const tolerance = 1e-2;

/** Whether a trial step gave the CPU's weights but for rounding; one that is not finite did not. */
export function agrees({ difference }: ProbedStep): boolean {
  return Number.isFinite(difference) && difference < tolerance;
}

/** How a trial step compares with the CPU's, in words. */
export function comparison(probe: ProbedStep): string {
  const { milliseconds, cpuMilliseconds, difference } = probe;
  const differs = agrees(probe)
    ? ''
    : `, and its weights change otherwise (by ${difference.toPrecision(2)} of the change)`;
  return `takes ${milliseconds.toFixed(1)} ms for a trial step, the CPU ${cpuMilliseconds.toFixed(1)} ms${differs}`;
}

function checkOrtDevice(name: string, where: string, known: readonly string[]): void {
  if (known.includes(name)) return;
  throw new UniecsError({
    code: 'argument',
    where,
    expected: known.join(', '),
    got: name === '' ? "''" : String(name),
    hint: 'name one of them',
  });
}
