import type { Device } from '@uniecs/compile';
import { stateView } from '@uniecs/compile';
import type { Pair } from '@uniecs/mbeer';
import { UniecsError } from '@uniecs/tensor';
import type { FileSystem } from '@uniecs/tensor/node';
import { batchQueue } from '../data/batch-queue.js';
import type { MetricsLog } from '../files/metrics-log.js';
import { dropoutRates } from '../model/model-config.js';
import type { AssembledRun } from './assemble-run.js';
import { dropoutKey } from './dropout-key.js';
import { afterStep, afterValidation, isStoppedEarly, outcomeOf, type RunProgress } from './run-progress.js';
import { runSaver } from './run-saver.js';
import { runValidator } from './run-validator.js';
import { stepEvent } from './step-event.js';
import { overflow, stepFault, tooManySkipped } from './step-fault.js';
import { stepRunner } from './step-runner.js';
import type { TrainEvent, TrainSummary } from './train-events.js';
import { averagesOf, namedState } from './train-state.js';

/** Where a loop starts and what it tells. */
export interface LoopOptions {
  readonly out: string;
  /** Where steps and validations run; default `cpu`. */
  readonly device?: Device | undefined;
  /** Where the run stands, as its newest checkpoint says. */
  readonly start: RunProgress;
  readonly validation: readonly Pair[];
  readonly metrics: MetricsLog;
  readonly fileSystem: FileSystem;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent: (event: TrainEvent) => void;
}

/**
 * Takes the steps of a run that are left: step, metrics line, and where they are due validation and checkpoint. Validation is due
 * at the end of every `validateEvery`-th epoch and after the last step; one that was interrupted is made up for. A step whose
 * loss or gradient is not finite is skipped: the run goes on with the next batch. Where the run fails and its state is intact, what no
 * checkpoint holds is saved first.
 *
 * @throws UniecsError `numeric` after `maxSkippedSteps` skipped steps in a row
 */
export async function trainingLoop(run: AssembledRun, options: LoopOptions): Promise<TrainSummary> {
  const { settings, config, terms, state, batches, totalSteps } = run;
  const { out, metrics, fileSystem, signal, onEvent } = options;
  const runner = stepRunner(run.stages, state, settings.batchSize, settings.microBatch, {
    device: options.device,
    precision: settings.precision,
    pixels: config.pixels,
  });
  const drops = dropoutRates(config).some((rate) => rate > 0);
  // Features need no memory for pixels: they are read when they are fed.
  const pixels = run.features ? () => new Uint8Array(1) : run.loader.images.pixels;
  const queue = batchQueue(batches, pixels, { end: totalSteps });
  let progress = options.start;
  /** Whether the state is that of `progress`: not while a step is at work. */
  let intact = true;
  const stoppedEarly = () => isStoppedEarly(progress, settings.earlyStopping);
  const saver = runSaver({
    out,
    settings,
    state: runner.state,
    variables: namedState(state),
    metrics,
    fileSystem,
    progress: () => progress,
    isEnding: () => signal?.aborted || progress.step === totalSteps || stoppedEarly(),
    onEvent,
  });
  const { tell, attempt } = saver;
  const weights = stateView(runner.state, averagesOf(state));
  const validator = runValidator({ run, weights, pairs: options.validation, out, fileSystem, signal, attempt });

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
    await saver.checkpoint();
  }

  const begin = performance.now();
  let seen = 0;
  /** Milliseconds of the steps after the first epoch, and those of them spent waiting for data. */
  const later = { all: 0, waited: 0 };
  try {
    if (validationIsDue() && !signal?.aborted) await validateAndSave();
    let last = performance.now();
    while (progress.step < totalSteps && !signal?.aborted && !stoppedEarly()) {
      const { step, sampler, random, skipped, lossScale } = progress;
      const waitStart = performance.now();
      const batch = await queue.next(step);
      const waited = performance.now() - waitStart;
      const learningRate = run.schedule(step - skipped);
      intact = false;
      const numbers = await runner.run(batch, learningRate, drops ? dropoutKey(random) : undefined, lossScale?.scale);
      const outcome = outcomeOf(numbers, progress);
      progress = afterStep(progress, outcome, batches.stepsPerEpoch);
      intact = true;
      if (numbers.taken) saver.changed();
      seen += batch.count;
      await nextTurn();
      const now = performance.now();
      if (sampler.epoch > 0) {
        later.all += now - last;
        later.waited += waited;
      }
      const place = { step: progress.step, epoch: sampler.epoch + 1, totalSteps };
      if (numbers.taken) {
        const pace = {
          learningRate,
          pairsPerSecond: (batch.count * 1000) / (now - last),
          dataWait: waited / (now - last),
          rssBytes: process.memoryUsage.rss(),
          secondsLeft: (((now - begin) / seen) * (totalSteps - progress.step) * settings.batchSize) / 1000,
        };
        await tell(
          stepEvent(numbers, terms, { ...place, ...pace, ...(lossScale ? { lossScale: lossScale.scale } : {}) }),
        );
      } else {
        const fault =
          outcome === 'overflowed'
            ? overflow(lossScale?.scale, progress.lossScale?.scale)
            : stepFault(numbers, terms, batch.itemIds);
        await tell({ type: 'skipped', ...place, ...fault, inRow: progress.skippedInRow });
        if (progress.skippedInRow >= settings.maxSkippedSteps) throw tooManySkipped(progress, fault);
      }
      last = now;
      if (validationIsDue()) {
        if (!signal?.aborted) await validateAndSave();
        last = performance.now();
      } else if (saver.isDue()) await saver.checkpoint();
    }
    const interrupted = !stoppedEarly() && (progress.step < totalSteps || validationIsDue());
    await saver.finish();
    const seconds = (performance.now() - begin) / 1000;
    const { best, step: steps, skipped } = progress;
    const ended = { interrupted, stoppedEarly: stoppedEarly() };
    const dataWait = later.all > 0 ? { dataWait: later.waited / later.all } : {};
    return {
      steps,
      skipped,
      seconds,
      ...(best ? { best } : {}),
      ...ended,
      ...dataWait,
      pairsPerSecond: seen / seconds,
    };
  } catch (error) {
    if (intact) await saver.rescue();
    throw error;
  } finally {
    await runner.dispose();
    await validator.dispose();
  }
}

/** Lets timers and signal handlers run: a step blocks the event loop. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
