import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { comparison, deviceRemedies, type OrtDevice, probeDevice } from '@uniecs/compile';
import type { Check, Finding } from './checks.js';

/** Weights that differ by more than this share after a few steps are no rounding. */
const tolerance = 1e-3;

/** The checks of the devices: each is tried with a training step, in a process of its own. */
export const deviceChecks: Readonly<Record<'cpu' | 'webgpu' | 'cuda' | 'tfjs:node-gpu', Check>> = {
  cpu: check('cpu', ''),
  webgpu: check('webgpu', 'measured on a software driver only'),
  cuda: check('cuda', 'untested by this project: uniecs doctor --device cuda tests it where it is installed'),
  'tfjs:node-gpu': {
    name: 'device tfjs:node-gpu',
    run: eagerGpu,
    remedy:
      'npm install @tensorflow/tfjs-node-gpu beside uniecs (optional; wants CUDA 11.2 and Node 22 or older; untested by this project)',
  },
};

function check(device: OrtDevice, standing: string): Check {
  const run = async (): Promise<Finding> => {
    const probe = await probeDevice(device);
    if ('fails' in probe) return { fails: probe.fails };
    const said = `${comparison(probe)}; weights agree to ${probe.difference.toExponential(0)}${standing && ` (${standing})`}`;
    return probe.difference < tolerance ? { works: said } : { fails: said };
  };
  const remedy = standing ? `${deviceRemedies[device]} (${standing})` : deviceRemedies[device];
  return { name: `device ${device}`, run, remedy };
}

const eagerPackage = '@tensorflow/tfjs-node-gpu';

/** Loads the package in a process of its own: its library may end it. */
async function eagerGpu(): Promise<Finding> {
  let path: string;
  try {
    path = createRequire(import.meta.url).resolve(eagerPackage);
  } catch {
    return { fails: `the package ${eagerPackage} is not installed` };
  }
  const product = `const tf = require(${JSON.stringify(path)}); console.log(tf.matMul([[2]], [[3]]).dataSync()[0], tf.getBackend())`;
  return new Promise((resolve) => {
    execFile(process.execPath, ['-e', product], { timeout: 60_000, killSignal: 'SIGKILL' }, (error, stdout) => {
      const works = stdout.includes('6 tensorflow');
      resolve(
        works
          ? { works: 'multiplies' }
          : { fails: (error?.message ?? stdout).trim().split('\n').at(-1) ?? 'no result' },
      );
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
