import { createHash } from 'node:crypto';
import { cp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { fileTensorsToStateDict } from '@uniecs/tensor';
import { readSafetensors } from '@uniecs/tensor/node';
import { checkpointFiles, verifyCheckpoint } from '../files/checkpoint-manifest.js';
import { listCheckpoints } from '../files/checkpoints.js';
import { modelFiles } from '../files/model-folder.js';
import { runFiles } from '../files/run-folder.js';
import { writeCheckpoint } from '../files/write-checkpoint.js';
import type { ConfigOf } from '../training/assemble-run.js';
import type { RunProgress } from '../training/run-progress.js';
import { trainWith } from '../training/train.js';
import type { GivenSettings } from '../training/train-settings.js';
import { failingTerm } from './failing-term.js';
import type { SmallCatalogue } from './small-catalogue.js';
import { smallConfig } from './small-training.js';

/** Steps of the run: two epochs of 20, the last batch of each a short one. */
export const stepsOfRun = 40;
/** Pairs that make them. */
export const pairsOfRun = 79;

/** Everything that has a state: augmentation, the average, lambdas, clipping, a learned temperature. */
const settings: GivenSettings = {
  batchSize: 4,
  epochs: 2,
  seed: 11,
  drop: ['CMAL', 'CLAL', 'IMCL'],
  losses: { tasks: { temperature: { learnedFrom: 0.1 } } },
  warmupSteps: 5,
  learningRate: 3e-3,
  weighting: { beta: 0.5, sumTo: 'terms', floor: 0.05 },
  augmentation: { area: [0.6, 1], flip: 0.5, brightness: 0.2 },
  averageDecay: 0.9,
  clipNorm: 1,
};

const configOf: ConfigOf = (_, vocabularySize) => {
  const config = smallConfig({ image: 0.1, text: 0.1, fusion: 0.1 });
  return { ...config, text: { ...config.text, vocabularySize, maxLength: 8 } };
};

/** Runs to the end, or to a step after which it is stopped; with `resume` from where it was stopped. Returns the last step. */
export async function run(
  { train, validation }: SmallCatalogue,
  out: string,
  {
    stop,
    resume = false,
    more = {},
  }: { readonly stop?: number; readonly resume?: boolean; readonly more?: GivenSettings } = {},
): Promise<number> {
  const controller = new AbortController();
  const { steps } = await trainWith(
    {
      settings: { ...settings, ...more },
      train,
      validation,
      out,
      resume,
      // The third product is in one pair: a step of each epoch is skipped.
      terms: [failingTerm(2)],
      signal: controller.signal,
      onEvent: (event) => {
        if ((event.type === 'step' || event.type === 'skipped') && event.step === stop) controller.abort();
      },
    },
    configOf,
  );
  return steps;
}

/** SHA-256 of what a run leaves: the weights, the whole state with its counters, and the metrics without what the clock says. */
export async function digests(out: string): Promise<Record<'weights' | 'state' | 'progress' | 'metrics', string>> {
  const { folder, info } = await newest(out);
  const lines = (await readFile(join(out, runFiles.metrics), 'utf8')).trimEnd().split('\n');
  const bare = lines.map((line) => {
    const { pairsPerSecond, dataWait, rssBytes, secondsLeft, seconds, ...rest } = JSON.parse(line);
    return JSON.stringify(rest);
  });
  return {
    weights: sha256(await readFile(join(out, modelFiles.weights))),
    state: sha256(await readFile(join(folder, checkpointFiles.state))),
    progress: sha256(JSON.stringify(Object.entries(info).sort())),
    metrics: sha256(bare.join('\n')),
  };
}

/** A copy of a stopped run whose checkpoint says something else: what a resume that loses some of the state would start from. */
export async function tampered(
  out: string,
  copy: string,
  change: (arrays: Map<string, Float32Array>, info: RunProgress) => RunProgress,
): Promise<void> {
  await cp(out, copy, { recursive: true });
  const { folder, info } = await newest(copy);
  const { tensors } = await readSafetensors(join(folder, checkpointFiles.state));
  const arrays = new Map([...tensors].map(([name, { data }]) => [name, Float32Array.from(data as Float32Array)]));
  const changed = change(arrays, info);
  const dict = fileTensorsToStateDict(tensors);
  const variables = new Map([...dict].map(([name, tensor]) => [name, tf.variable(tensor, false)]));
  const names = new Map([...variables].map(([name, variable]) => [variable, name]));
  const read = (variable: tf.Variable) => ({ data: arrays.get(names.get(variable) as string) as Float32Array });
  try {
    await writeCheckpoint(join(copy, runFiles.checkpoints), variables, read, changed);
  } finally {
    tf.dispose([...variables.values(), ...dict.values()]);
  }
}

async function newest(out: string): Promise<{ folder: string; info: RunProgress }> {
  const checkpoints = join(out, runFiles.checkpoints);
  const name = (await readFile(join(checkpoints, 'latest'), 'utf8')).trim();
  const { manifest, flaw } = await verifyCheckpoint(join(checkpoints, name));
  if (!manifest) throw new Error(`${name} of ${await listCheckpoints(checkpoints)}: ${flaw}`);
  return { folder: join(checkpoints, name), info: manifest.info as RunProgress };
}

function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}
