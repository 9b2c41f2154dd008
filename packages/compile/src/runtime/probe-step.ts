import type { Variable } from '@tensorflow/tfjs-core';
import { compile } from './compile.js';
import type { OrtDevice } from './device.js';
import { type TrialSize, trialStep } from './trial-step.js';

/** How a training step went on a device, beside the CPU. */
export interface ProbedStep {
  /** Milliseconds of a step, the best of three after the first. */
  readonly milliseconds: number;
  readonly cpuMilliseconds: number;
  /** The largest difference between the changes of a weight over the steps, in shares of the largest change; NaN where any is NaN. */
  readonly difference: number;
}

const steps = 4;
/** For comparing results, also on a software driver, and for comparing times: a device's start of each node hides in it. */
const [small, large] = [
  { pairs: 8, length: 6, width: 16 },
  { pairs: 64, length: 16, width: 128 },
] as const;
/** A device that takes so much longer for the small step than the CPU, and so long, is a software driver. */
const [timesSlower, slow] = [20, 50] as const;

/** Takes a few training steps on a device and on the CPU. The tfjs backend must hold values. */
export async function probeStep(device: OrtDevice): Promise<ProbedStep> {
  const [there, here] = [await takeSteps(device, small), await takeSteps('cpu', small)];
  const difference = weightDifference(here.before, there.after, here.after);
  const hopeless = there.milliseconds > Math.max(slow, timesSlower * here.milliseconds);
  const [timed, onCpu] = hopeless ? [there, here] : [await takeSteps(device, large), await takeSteps('cpu', large)];
  return { milliseconds: timed.milliseconds, cpuMilliseconds: onCpu.milliseconds, difference };
}

/** The largest difference between two changes of weights, in shares of the largest change of the second; NaN where there is none. */
export function weightDifference(before: Float32Array, there: Float32Array, here: Float32Array): number {
  const largest = (a: Float32Array, b: Float32Array) =>
    a.reduce((max, x, i) => Math.max(max, Math.abs(x - (b[i] ?? Number.NaN))), 0);
  return largest(here, there) / largest(here, before);
}

interface Steps {
  readonly before: Float32Array;
  readonly after: Float32Array;
  readonly milliseconds: number;
}

async function takeSteps(device: OrtDevice, size: TrialSize): Promise<Steps> {
  const { state: variables, inputs, fn } = trialStep(size);
  const step = compile(fn, { device, state: variables, name: 'trial step' });
  const { state } = step;
  const values = () => Float32Array.from(variables.flatMap((v: Variable) => [...state.read(v).data]));
  try {
    const before = values();
    let milliseconds = Number.POSITIVE_INFINITY;
    for (let i = 0; i < steps; i++) {
      const start = performance.now();
      await step(inputs);
      if (i > 0) milliseconds = Math.min(milliseconds, performance.now() - start);
    }
    await state.download();
    return { before, after: values(), milliseconds };
  } finally {
    await step.dispose();
    for (const variable of variables) variable.dispose();
  }
}
