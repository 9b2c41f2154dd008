import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { compile, type Device, deviceState, type HostTree } from '@uniecs/compile';
import { UniecsError } from '@uniecs/tensor';
import { makeFolder } from '@uniecs/tensor/node';
import { batchQueue } from '../data/batch-queue.js';
import { type ItemFeeder, itemFeeder } from '../data/feed-items.js';
import { float32 } from '../data/item-batch.js';
import type { CheckpointInfo } from '../files/checkpoint-info.js';
import { clearCheckpoints, listCheckpoints, loadCheckpoint } from '../files/checkpoints.js';
import { metricsLog } from '../files/metrics-log.js';
import { modelFiles, writeWeights } from '../files/model-folder.js';
import { runFiles } from '../files/run-folder.js';
import { writeCheckpoint } from '../files/write-checkpoint.js';
import { dropoutRates } from '../model/model-config.js';
import { dropoutKey } from '../training/dropout-key.js';
import { isFiniteStep, stepNumbers } from '../training/step-numbers.js';
import { namedState } from '../training/train-state.js';
import type { HostQueryBatch } from './query-batches.js';
import { type StageEvent, type StagePlace, stageEvent } from './stage-event.js';
import { type StageSources, stageRun } from './stage-run.js';
import type { ProductReads } from './two-tower-config.js';
import { loadStartWeights, writeTwoTowerConfig } from './two-tower-folder.js';
import type { TwoTowerInputs } from './two-tower-step.js';

/** What training a stage needs. */
export interface StageOptions extends StageSources {
  /** The folder of the stage; where it was interrupted there, it goes on. */
  readonly out: string;
  /** Default `cpu`. */
  readonly device?: Device;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: (event: StageEvent) => void;
}

/** How a stage ended. */
export interface StageSummary {
  readonly interrupted: boolean;
  readonly steps: number;
  readonly skipped: number;
  /** Of all of its parts. */
  readonly seconds: number;
  /** Numbers that the model and its temperature have. */
  readonly parameters: number;
}

/** Where a stage stands. */
interface StageProgress extends CheckpointInfo {
  readonly skipped: number;
  readonly skippedInRow: number;
  readonly seconds: number;
}

/**
 * Trains a stage of the recipe and writes its model folder (`loadTwoTower`) with `metrics.jsonl`. Stage 1 compares the query with the title
 * (Q2T) and with the image (Q2V), each by itself; stage 2 with the product that the fusion joins (Q2F). One temperature is learned, from
 * 0.07. With frozen encoders only the query's projection, the maps or the fusion, and the temperature move.
 *
 * There is a checkpoint every `checkpointMinutes` and where the signal stops it; the same call goes on from there, to the bit. It
 * goes when the stage is done.
 *
 * @throws UniecsError `numeric` after `maxSkippedSteps` steps in a row whose loss or gradient is not finite, `data` for a folder of other
 *   settings or data, `file`
 */
export async function trainStage(options: StageOptions): Promise<StageSummary> {
  const { stage, arm, settings, steps, out, images, device = 'cpu', signal, onEvent = () => {} } = options;
  const stageOf = stageRun(options);
  const { config, model, state, batches, schedule } = stageOf;
  const variables = namedState(state);
  const checkpoints = join(out, runFiles.checkpoints);
  let progress: StageProgress = { step: 0, fingerprint: stageOf.fingerprint, skipped: 0, skippedInRow: 0, seconds: 0 };
  try {
    await makeFolder(out);
    if ((await listCheckpoints(checkpoints)).length > 0) {
      const loaded = await loadCheckpoint(checkpoints, variables, stageOf.fingerprint);
      await clearCheckpoints(checkpoints, loaded);
      progress = loaded.info as StageProgress;
    } else if (options.start) await loadStartWeights(model, options.start);
    const metrics = metricsLog(join(out, runFiles.metrics));
    await metrics.cutAfter(progress);
    const live = deviceState([...variables.values()], device);
    const run = compile(stageOf.step, { state: live, name: 'two-tower step', accept: isFiniteStep });
    try {
      const queue = batchQueue(batches, images.pixels, { end: steps });
      const drops = dropoutRates(config.product).some((rate) => rate > 0);
      const feed = itemFeeder(config.product.pixels);
      const begin = performance.now() - progress.seconds * 1000;
      const seconds = () => (performance.now() - begin) / 1000;
      let saved = performance.now();
      const save = async () => {
        await metrics.sync();
        await live.download();
        progress = { ...progress, seconds: seconds() };
        await writeCheckpoint(checkpoints, variables, live.read, progress, { keepLast: 1 });
        saved = performance.now();
      };
      const isDue = () =>
        settings.checkpointMinutes > 0 && performance.now() - saved >= settings.checkpointMinutes * 60_000;

      while (progress.step < steps && !signal?.aborted) {
        const started = performance.now();
        const batch = await queue.next(progress.step);
        const learningRate = schedule(progress.step - progress.skipped);
        const key = drops ? dropoutKey({ seed: stageOf.seed, dropout: progress.step }) : undefined;
        const numbers = stepNumbers(await run(fed(batch, feed, { reads: arm.reads, learningRate, key })));
        const inRow = numbers.taken ? 0 : progress.skippedInRow + 1;
        const skipped = progress.skipped + Number(!numbers.taken);
        progress = { ...progress, step: progress.step + 1, skipped, skippedInRow: inRow };
        const pairsPerSecond = (batch.count * 1000) / (performance.now() - started);
        const place: StagePlace = { stage, step: progress.step, totalSteps: steps, learningRate, pairsPerSecond };
        const event = stageEvent(numbers, stageOf.terms, place, batch.ids);
        await metrics.append(event);
        onEvent(event);
        if (event.type === 'skipped' && inRow >= settings.maxSkippedSteps) throw stopped(event.reason, place);
        await nextTurn();
        if (isDue() && progress.step < steps) await save();
      }
      const interrupted = progress.step < steps;
      if (interrupted) await save();
      else {
        await live.download();
        const training = { stage, arm, seed: options.seed, steps, settings };
        await writeTwoTowerConfig(out, { version: 1, model: config, training }, options.tokenizer);
        await writeWeights(join(out, modelFiles.weights), model, live.read);
        await rm(checkpoints, { recursive: true, force: true });
      }
      const parameters = [...state.parameters.values()].reduce((sum, { size }) => sum + size, 0);
      return { interrupted, steps: progress.step, skipped: progress.skipped, seconds: seconds(), parameters };
    } finally {
      await live.dispose();
      await run.dispose();
    }
  } finally {
    stageOf.dispose();
  }
}

/** What a step takes of a batch; of a product tower that reads the title alone, no pixels. */
function fed(
  { queries, products, labels }: HostQueryBatch,
  feed: ItemFeeder,
  { reads, learningRate, key }: { reads: ProductReads; learningRate: number; key: Float32Array | undefined },
): HostTree<TwoTowerInputs> {
  const [rows] = products.pixels.shape;
  const { ids, mask } = products;
  const numbers = () => Float32Array.from({ length: rows }, (_, row) => row);
  return {
    queries,
    products: reads === 'text' ? { ids, mask } : feed(products),
    labels: reads === 'text' ? { valid: labels.valid, alsoRelevant: labels.alsoRelevant } : labels,
    learningRate: float32(Float32Array.of(learningRate)),
    ...(key ? { dropout: { key: float32(key, 2), rows: float32(numbers(), rows) } } : {}),
  };
}

function stopped(reason: string, { stage, step }: StagePlace): UniecsError {
  return new UniecsError({
    code: 'numeric',
    where: 'trainStage',
    expected: `finite losses and gradients in step ${step} of the ${stage} stage`,
    got: reason,
    hint: 'lower the learning rate, or clip gradients',
    details: { stage, step },
  });
}

/** Lets timers and signal handlers run: a step blocks the event loop. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
