import { join } from 'node:path';
import type { Pair } from '@uniecs/mbeer';
import { seededRandom, UniecsError } from '@uniecs/tensor';
import { embedder } from '../embedding/embedder.js';
import { evaluatePairs } from '../embedding/model-embedder.js';
import { type CheckpointInfo, writeCheckpoint } from '../files/checkpoints.js';
import { writeModelCard } from '../files/model-card.js';
import { modelFiles, writeWeights } from '../files/model-folder.js';
import { type MetricsLog, runFiles } from '../files/run-folder.js';
import type { AssembledRun } from './assemble-run.js';
import { checkFinite } from './check-finite.js';
import { stepEvent } from './step-event.js';
import { stepRunner } from './step-runner.js';
import type { TrainEvent, TrainSummary } from './train-events.js';
import { namedState } from './train-state.js';

/** Where a loop starts and what it tells. */
export interface LoopOptions {
  readonly out: string;
  /** Where the run stands: step 0, or what the loaded checkpoint says. */
  readonly start: CheckpointInfo;
  /** Whether `start` is in a checkpoint already. */
  readonly saved: boolean;
  readonly validation: readonly Pair[];
  readonly metrics: MetricsLog;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent: (event: TrainEvent) => void;
}

/**
 * Takes the steps of a run that are left: step, metrics line, and where they are due validation and checkpoint. Validation is due
 * at the end of every `validateEvery`-th epoch and after the last step; one that was interrupted is made up for.
 */
export async function trainingLoop(run: AssembledRun, options: LoopOptions): Promise<TrainSummary> {
  const { settings, config, terms, state, batches, totalSteps } = run;
  const { out, metrics, signal, onEvent } = options;
  const variables = namedState(state);
  const runner = stepRunner(run.stages, state, settings.batchSize, settings.microBatch);
  const validator = embedder({ model: run.model, loader: run.loader, state: runner.state });
  const drops = [config.fusion, config.text, config.image].some(({ dropout = 0 }) => dropout > 0);
  let info = options.start;
  let saved = options.saved ? info.step : undefined;

  async function checkpoint(): Promise<void> {
    const path = await writeCheckpoint(join(out, runFiles.checkpoints), variables, runner.state.read, info);
    saved = info.step;
    onEvent({ type: 'checkpoint', step: info.step, path });
  }

  function validationIsDue(): boolean {
    const epochs = info.step / batches.stepsPerEpoch;
    const atEpoch = info.step > 0 && Number.isInteger(epochs) && epochs % settings.validateEvery === 0;
    return (atEpoch || info.step === totalSteps) && info.validated !== info.step;
  }

  async function validate(): Promise<void> {
    const begin = performance.now();
    const report = await evaluatePairs(validator, options.validation, { signal });
    const value = report.mean['R@10'] ?? 0;
    const isBest = info.best === undefined || value > info.best.value;
    info = { ...info, validated: info.step, ...(isBest ? { best: { value, step: info.step } } : {}) };
    if (isBest) {
      await writeWeights(join(out, modelFiles.weights), run.model, runner.state.read);
      const parameters = parameterCount(run);
      const { pairs } = batches;
      await writeModelCard(out, { config, settings, terms, parameters, report, pairs, step: info.step });
    }
    const seconds = (performance.now() - begin) / 1000;
    const epoch = Math.ceil(info.step / batches.stepsPerEpoch);
    const event = { type: 'validation', step: info.step, epoch, report, isBest, seconds } as const;
    await metrics.append(event);
    onEvent(event);
  }

  /** Validates and saves, unless interrupted: then the resumed run does it. */
  async function validateAndSave(): Promise<void> {
    try {
      await validate();
    } catch (error) {
      if (signal?.aborted && UniecsError.isInstance(error) && error.code === 'interrupted') return;
      throw error;
    }
    await checkpoint();
  }

  const begin = performance.now();
  let seen = 0;
  try {
    if (validationIsDue() && !signal?.aborted) await validateAndSave();
    let last = performance.now();
    while (info.step < totalSteps && !signal?.aborted) {
      const { step } = info;
      const waitStart = performance.now();
      const batch = await batches.batch(step);
      const waited = performance.now() - waitStart;
      if (step + 1 < totalSteps) batches.prefetch(step + 1);
      const learningRate = run.schedule(step);
      const numbers = await runner.run(batch, learningRate, drops ? dropoutKey(settings.seed, step) : undefined);
      checkFinite(numbers, terms, step + 1);
      info = { ...info, step: step + 1 };
      seen += batch.count;
      await nextTurn();
      const now = performance.now();
      const event = stepEvent(numbers, terms, {
        step: info.step,
        epoch: Math.floor(step / batches.stepsPerEpoch) + 1,
        totalSteps,
        learningRate,
        pairsPerSecond: (batch.count * 1000) / (now - last),
        dataWait: waited / (now - last),
        secondsLeft: (((now - begin) / seen) * (totalSteps - info.step) * settings.batchSize) / 1000,
      });
      last = now;
      await metrics.append(event);
      onEvent(event);
      if (validationIsDue()) {
        if (!signal?.aborted) await validateAndSave();
        last = performance.now();
      } else if (settings.checkpointEvery > 0 && info.step % settings.checkpointEvery === 0) await checkpoint();
    }
    const interrupted = info.step < totalSteps || validationIsDue();
    if (interrupted && saved !== info.step) await checkpoint();
    const seconds = (performance.now() - begin) / 1000;
    const { best } = info;
    return { steps: info.step, seconds, ...(best ? { best } : {}), interrupted, pairsPerSecond: seen / seconds };
  } finally {
    await runner.dispose();
    await validator.dispose();
  }
}

/** How many numbers are trained, the terms' own included. */
export function parameterCount({ state }: AssembledRun): number {
  return [...state.parameters.values()].reduce((sum, { size }) => sum + size, 0);
}

/** A dropout key of a step: two whole numbers in the range that `counterUniform` takes. */
function dropoutKey(seed: number, step: number): Float32Array {
  const random = seededRandom(seed).fork('dropout').fork(step);
  return Float32Array.of(random.integer(1_000_000), random.integer(1_000_000));
}

/** Lets timers and signal handlers run: a step blocks the event loop. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
