import { join } from 'node:path';
import type { Device } from '@uniecs/compile';
import { stateView } from '@uniecs/compile';
import type { Pair } from '@uniecs/mbeer';
import { UniecsError } from '@uniecs/tensor';
import type { FileSystem } from '@uniecs/tensor/node';
import { batchQueue } from '../data/batch-queue.js';
import type { MetricsLog } from '../files/metrics-log.js';
import { runFiles } from '../files/run-folder.js';
import { writeCheckpoint } from '../files/write-checkpoint.js';
import type { AssembledRun } from './assemble-run.js';
import { dropoutKey } from './dropout-key.js';
import { afterStep, afterValidation, isStoppedEarly, type RunProgress } from './run-progress.js';
import { runValidator } from './run-validator.js';
import { type SaveAttempt, saveOrGoOn } from './save-or-go-on.js';
import { stepEvent } from './step-event.js';
import { stepFault, tooManySkipped } from './step-fault.js';
import { stepRunner } from './step-runner.js';
import type { SaveFailedEvent, TrainEvent, TrainSummary } from './train-events.js';
import { averagesOf, namedState } from './train-state.js';

/** Where a loop starts and what it tells. */
export interface LoopOptions {
  readonly out: string;
  /** Where steps and validations run; default `cpu`. */
  readonly device?: Device | undefined;
  /** Where the run stands: step 0, or what the loaded checkpoint says. */
  readonly start: RunProgress;
  /** Whether `start` is in a checkpoint already. */
  readonly saved: boolean;
  readonly validation: readonly Pair[];
  readonly metrics: MetricsLog;
  readonly fileSystem: FileSystem;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent: (event: TrainEvent) => void;
}

/**
 * Takes the steps of a run that are left: step, metrics line, and where they are due validation and checkpoint. Validation is due
 * at the end of every `validateEvery`-th epoch and after the last step; one that was interrupted is made up for. A step whose
 * loss or gradient is not finite is skipped: the run goes on with the next batch.
 *
 * @throws UniecsError `numeric` after `maxSkippedSteps` skipped steps in a row
 */
export async function trainingLoop(run: AssembledRun, options: LoopOptions): Promise<TrainSummary> {
  const { settings, config, terms, state, batches, totalSteps } = run;
  const { out, metrics, fileSystem, signal, onEvent } = options;
  const variables = namedState(state);
  const runner = stepRunner(run.stages, state, settings.batchSize, settings.microBatch, options.device);
  const weights = stateView(runner.state, averagesOf(state));
  const { validation: pairs } = options;
  const saveWeights = (save: () => Promise<void>) => attempt('weights', save);
  const validator = runValidator({ run, weights, pairs, out, fileSystem, signal, attempt: saveWeights });
  const drops = [config.fusion, config.text, config.image].some(({ dropout = 0 }) => dropout > 0);
  const queue = batchQueue(batches, run.loader.images.pixels, { end: totalSteps });
  let progress = options.start;
  let saved = options.saved ? progress.step : undefined;
  let logged = true;

  /** Whether it is saved. What fails after the last step has nothing to go on to: the run fails. */
  function attempt(
    what: SaveFailedEvent['what'],
    save: () => Promise<void>,
    failed: SaveAttempt['tell'] = tell,
  ): Promise<boolean> {
    const isLast = signal?.aborted || progress.step === totalSteps || stoppedEarly();
    const onSaveError = isLast ? 'stop' : settings.onSaveError;
    return saveOrGoOn(save, { what, step: progress.step, onSaveError, tell: failed });
  }

  /** Adds an event to the metrics and tells it; lines that cannot be written are told of once, and go out when they can. */
  async function tell(event: Exclude<TrainEvent, { type: 'start' | 'note' | 'checkpoint' }>): Promise<void> {
    const written = await attempt('metrics', () => metrics.append(event), logged ? onEvent : () => {});
    logged = written;
    onEvent(event);
  }

  async function checkpoint(): Promise<void> {
    // A run that goes on from here finds the lines of all steps before, after a power cut too.
    if (logged) logged = await attempt('metrics', () => metrics.sync(), onEvent);
    await attempt('checkpoint', async () => {
      await runner.state.download();
      const folder = join(out, runFiles.checkpoints);
      const options = { ...settings, fileSystem };
      const path = await writeCheckpoint(folder, variables, runner.state.read, progress, options);
      saved = progress.step;
      onEvent({ type: 'checkpoint', step: progress.step, path });
    });
  }

  function validationIsDue(): boolean {
    const { step, sampler, validated } = progress;
    const atEpoch = step > 0 && sampler.batch === 0 && sampler.epoch % settings.validateEvery === 0;
    return (atEpoch || step === totalSteps) && validated !== step;
  }

  /** Validates and saves, unless interrupted: then the resumed run does it. */
  async function validateAndSave(): Promise<void> {
    try {
      const { value, isBest, ...result } = await validator.validate(progress);
      progress = afterValidation(progress, { value, isBest }, settings.earlyStopping);
      const epoch = Math.ceil(progress.step / batches.stepsPerEpoch);
      await tell({ type: 'validation', step: progress.step, epoch, isBest, ...result });
    } catch (error) {
      if (signal?.aborted && UniecsError.isInstance(error) && error.code === 'interrupted') return;
      throw error;
    }
    await checkpoint();
  }

  const stoppedEarly = () => isStoppedEarly(progress, settings.earlyStopping);
  const begin = performance.now();
  let seen = 0;
  try {
    if (validationIsDue() && !signal?.aborted) await validateAndSave();
    let last = performance.now();
    while (progress.step < totalSteps && !signal?.aborted && !stoppedEarly()) {
      const { step, sampler, random, skipped } = progress;
      const waitStart = performance.now();
      const batch = await queue.next(step);
      const waited = performance.now() - waitStart;
      const learningRate = run.schedule(step - skipped);
      const numbers = await runner.run(batch, learningRate, drops ? dropoutKey(random) : undefined);
      progress = afterStep(progress, numbers.taken, batches.stepsPerEpoch);
      seen += batch.count;
      await nextTurn();
      const now = performance.now();
      const place = { step: progress.step, epoch: sampler.epoch + 1, totalSteps };
      if (numbers.taken) {
        const pace = {
          learningRate,
          pairsPerSecond: (batch.count * 1000) / (now - last),
          dataWait: waited / (now - last),
          rssBytes: process.memoryUsage.rss(),
          secondsLeft: (((now - begin) / seen) * (totalSteps - progress.step) * settings.batchSize) / 1000,
        };
        await tell(stepEvent(numbers, terms, { ...place, ...pace }));
      } else {
        const fault = stepFault(numbers, terms, batch.itemIds);
        await tell({ type: 'skipped', ...place, ...fault, inRow: progress.skippedInRow });
        if (progress.skippedInRow >= settings.maxSkippedSteps) throw tooManySkipped(progress, fault);
      }
      last = now;
      if (validationIsDue()) {
        if (!signal?.aborted) await validateAndSave();
        last = performance.now();
      } else if (settings.checkpointEvery > 0 && progress.step % settings.checkpointEvery === 0) await checkpoint();
    }
    const interrupted = !stoppedEarly() && (progress.step < totalSteps || validationIsDue());
    if (interrupted && saved !== progress.step) await checkpoint();
    const seconds = (performance.now() - begin) / 1000;
    const { best, step: steps, skipped } = progress;
    const ended = { interrupted, stoppedEarly: stoppedEarly() };
    return { steps, skipped, seconds, ...(best ? { best } : {}), ...ended, pairsPerSecond: seen / seconds };
  } finally {
    await runner.dispose();
    await validator.dispose();
  }
}

/** Lets timers and signal handlers run: a step blocks the event loop. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
