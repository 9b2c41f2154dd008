import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { agrees, comparison, deviceRemedies, type OrtDevice, type Prober, probeDevice } from '@uniecs/compile';
import type { Check, Finding } from './checks.js';
import type { LoadedBackend, TfjsDeviceName } from './tfjs-device.js';

/** The devices that `uniecs doctor` tries by name. */
export const checkedDevices = ['cpu', 'webgpu', 'cuda', 'tfjs:node-gpu', 'tfjs:node'] as const;

/** A device that `uniecs doctor` tries. */
export type CheckedDevice = (typeof checkedDevices)[number];

/** What tries the devices: ONNX Runtime's with a training step, tfjs's by loading the package; each in a process of its own. */
export interface DeviceTries {
  readonly probe: Prober;
  readonly load: (name: TfjsDeviceName) => Promise<LoadedBackend>;
}

/** The checks of the devices. */
export function deviceChecks(tries: Partial<DeviceTries> = {}): Readonly<Record<CheckedDevice, Check>> {
  const { probe = probeDevice, load = loadInProcess } = tries;
  return {
    cpu: compiled('cpu', '', probe),
    webgpu: compiled('webgpu', 'tested on a software driver and on an NVIDIA H100', probe),
    cuda: compiled('cuda', untested('cuda'), probe),
    'tfjs:node-gpu': eager('tfjs:node-gpu', `optional; wants CUDA 11.2; ${untested('tfjs:node-gpu')}`, load),
    'tfjs:node': eager('tfjs:node', 'optional', load),
  };
}

function untested(name: CheckedDevice): string {
  return `untested by this project: uniecs doctor --device ${name} tests it where it is installed`;
}

function compiled(device: OrtDevice, standing: string, tryIt: Prober): Check {
  const note = standing && ` (${standing})`;
  const run = async (): Promise<Finding> => {
    const probe = await tryIt(device);
    if ('fails' in probe) return { fails: probe.fails };
    if (!agrees(probe)) return { fails: comparison(probe) };
    return { works: `${comparison(probe)}; weights agree to ${probe.difference.toExponential(0)}${note}` };
  };
  return { name: `device ${device}`, run, remedy: `${deviceRemedies[device]}${note}` };
}

function eager(device: TfjsDeviceName, standing: string, load: DeviceTries['load']): Check {
  const run = async (): Promise<Finding> => {
    const found = await load(device);
    return 'works' in found ? found : { fails: `${found.fails}; ${found.remedy}` };
  };
  return { name: `device ${device}`, run, remedy: standing };
}

const program = '@uniecs/cli/tfjs-probe';
const patience = 120_000;

/** Its library may end the process that loads it. */
function loadInProcess(name: TfjsDeviceName): Promise<LoadedBackend> {
  const path = createRequire(import.meta.url).resolve(program);
  return new Promise((resolve) => {
    execFile(process.execPath, [path, name], { timeout: patience, killSignal: 'SIGKILL' }, (error, stdout) => {
      const line = stdout.trim().split('\n').at(-1) ?? '';
      if (line.startsWith('{')) resolve(JSON.parse(line) as LoadedBackend);
      else {
        const ending = error?.signal ?? error?.message.trim().split('\n').at(-1) ?? 'no output';
        resolve({ fails: `the try ended without a result (${ending})`, remedy: 'see what its library needs' });
      }
    });
  });
}

/** A check whose failure is worth saying and breaks nothing: the CPU is there. */
export function optional({ name, run, remedy }: Check): Check {
  return {
    name,
    remedy,
    run: async () => {
      const finding = await run().catch(
        (error: Error): Finding => ({ fails: error.message.split('\n', 1)[0] as string }),
      );
      return 'fails' in finding ? { note: `does not work here: ${finding.fails}; ${remedy}` } : finding;
    },
  };
}
