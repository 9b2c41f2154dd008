import '@tensorflow/tfjs-backend-cpu';
import { type Device, probeDevice } from '@uniecs/compile';
import { cmal, recommendedLosses } from '@uniecs/losses';
import { describe, expect, it } from 'vitest';
import { gradientKeeper, joined, relativeDistance, smallBatch, smallTraining } from '../testing/small-training.js';
import { adamW } from './adamw.js';
import { stepRunner } from './step-runner.js';
import { namedState } from './train-state.js';

const webgpu = await probeDevice('webgpu');
const key = Float32Array.of(12, 3456);

interface Steps {
  readonly device: Device;
  readonly terms: typeof recommendedLosses;
  readonly microBatch: number;
  /** Default one that keeps the gradients and changes nothing: AdamW's first steps magnify what is near zero. */
  readonly optimizer?: typeof gradientKeeper;
}

/** Three steps with dropout and items that lack something: what each reports, and the weights, moments and lambdas after them. */
async function threeSteps({ device, terms, microBatch, optimizer = gradientKeeper }: Steps) {
  const { stages, state } = smallTraining({ terms: terms(), optimizer, dropout: { fusion: 0.2 } });
  const runner = stepRunner(stages, state, 5, microBatch, { device });
  const reported: number[] = [];
  for (let i = 0; i < 3; i++) {
    const numbers = await runner.run(smallBatch({ pairs: 5, partial: true, seed: 11 + i }), 1e-3, key);
    reported.push(numbers.loss, ...numbers.terms, ...numbers.lambdas, ...numbers.gradientNorms);
  }
  await runner.state.download();
  const after = joined([...namedState(state).values()].map((variable) => runner.state.read(variable).data));
  await runner.dispose();
  return { reported, after };
}

async function distances(steps: Omit<Steps, 'device'>, device: Device): Promise<number[]> {
  const [there, here] = [await threeSteps({ ...steps, device }), await threeSteps({ ...steps, device: 'cpu' })];
  return [relativeDistance(there.reported, here.reported), relativeDistance(there.after, here.after)];
}

describe('a training step', () => {
  it.each([5, 2])(
    'run eagerly on a tfjs backend is the compiled one, in micro-batches of %i of 5 pairs',
    async (microBatch) => {
      for (const distance of await distances({ terms: cmal, microBatch }, 'tfjs:cpu'))
        expect(distance).toBeLessThan(1e-5);
    },
  );
});

const why = 'fails' in webgpu ? `skipped: ${webgpu.fails}` : 'a device is here';
// A software driver on a busy machine takes its time.
describe.skipIf('fails' in webgpu)(`a training step on WebGPU (${why})`, { timeout: 240_000 }, () => {
  it.each<[string, Omit<Steps, 'device'>]>([
    ['of the recommended losses', { terms: recommendedLosses, microBatch: 5 }],
    ['of the recommended losses in micro-batches, the last one ragged', { terms: recommendedLosses, microBatch: 2 }],
  ])('%s is that of the CPU', async (_, steps) => {
    for (const distance of await distances(steps, 'webgpu')) expect(distance).toBeLessThan(1e-4);
  });

  it('with AdamW reports what the CPU does', async () => {
    const [reported] = await distances({ terms: cmal, microBatch: 5, optimizer: adamW() }, 'webgpu');
    expect(reported).toBeLessThan(1e-4);
  });
});
