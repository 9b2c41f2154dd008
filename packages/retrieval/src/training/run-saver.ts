import { join } from 'node:path';
import type { Variable } from '@tensorflow/tfjs-core';
import type { DeviceState } from '@uniecs/compile';
import type { FileSystem } from '@uniecs/tensor/node';
import type { MetricsLog } from '../files/metrics-log.js';
import { runFiles } from '../files/run-folder.js';
import { writeCheckpoint } from '../files/write-checkpoint.js';
import type { RunProgress } from './run-progress.js';
import { type SaveAttempt, saveOrGoOn } from './save-or-go-on.js';
import type { SaveFailedEvent, TrainEvent } from './train-events.js';
import type { TrainSettings } from './train-settings.js';

/** What a run saves, and where. */
export interface SaverOptions {
  readonly out: string;
  readonly settings: TrainSettings;
  readonly state: DeviceState;
  /** The variables of the state by the names that checkpoints store them under. */
  readonly variables: ReadonlyMap<string, Variable>;
  readonly metrics: MetricsLog;
  readonly fileSystem: FileSystem;
  /** Where the run stands; at first the step of its newest checkpoint. */
  readonly progress: () => RunProgress;
  /** Whether the run ends here: what fails then has nothing to go on to. */
  readonly isEnding: () => boolean;
  readonly onEvent: (event: TrainEvent) => void;
}

/** Saves what a run leaves while it goes on. */
export interface RunSaver {
  /** Saves something, and says whether it is saved; where the run ends or `onSaveError` says so, a refusal is thrown. */
  attempt(what: SaveFailedEvent['what'], save: () => Promise<void>): Promise<boolean>;
  /** Adds an event to the metrics and tells it; lines that cannot be written are told of once, and go out when they can. */
  tell(event: Exclude<TrainEvent, { type: 'start' | 'note' | 'checkpoint' }>): Promise<void>;
  /** Is told that the state has changed. */
  changed(): void;
  /** Whether `checkpointEvery` or `checkpointMinutes` asks for a checkpoint of this step. */
  isDue(): boolean;
  checkpoint(): Promise<void>;
  /** At the end of a run: saves its last step where that is not saved, and the lines that could not be written. */
  finish(): Promise<void>;
  /** Where a run fails with its state intact: tries to save what no checkpoint holds. Never throws. */
  rescue(): Promise<void>;
}

/** The saver of a run. */
export function runSaver(options: SaverOptions): RunSaver {
  const { out, settings, state, variables, metrics, fileSystem, progress, isEnding, onEvent } = options;
  const { checkpointEvery, checkpointMinutes } = settings;
  let saved = progress().step;
  let tried = { step: saved, at: performance.now() };
  let unsaved = false;
  let logged = true;

  function attempt(
    what: SaveFailedEvent['what'],
    save: () => Promise<void>,
    failed: SaveAttempt['tell'] = tell,
  ): Promise<boolean> {
    // Lines of metrics always have something to go on to: the last checkpoint, and one more attempt.
    const onSaveError = what !== 'metrics' && isEnding() ? 'stop' : settings.onSaveError;
    return saveOrGoOn(save, { what, step: progress().step, onSaveError, tell: failed });
  }

  async function tell(event: Parameters<RunSaver['tell']>[0]): Promise<void> {
    logged = await attempt('metrics', () => metrics.append(event), logged ? onEvent : () => {});
    onEvent(event);
  }

  async function save(): Promise<void> {
    const { step } = progress();
    tried = { step, at: performance.now() };
    await state.download();
    const folder = join(out, runFiles.checkpoints);
    const path = await writeCheckpoint(folder, variables, state.read, progress(), { ...settings, fileSystem });
    saved = step;
    unsaved = false;
    onEvent({ type: 'checkpoint', step, path });
  }

  async function checkpoint(): Promise<void> {
    // A run that goes on from here finds the lines of all steps before, after a power cut too.
    if (logged) logged = await attempt('metrics', () => metrics.sync(), onEvent);
    await attempt('checkpoint', save);
  }

  return {
    attempt,
    tell,
    checkpoint,
    changed: () => {
      unsaved = true;
    },
    isDue: () =>
      (checkpointEvery > 0 && progress().step % checkpointEvery === 0) ||
      (checkpointMinutes > 0 && performance.now() - tried.at >= checkpointMinutes * 60_000),
    finish: async () => {
      if (saved !== progress().step) await checkpoint();
      if (!logged) await metrics.flush();
    },
    rescue: async () => {
      // The older checkpoints serve as well where no step was taken since, and one that was just refused would be so again.
      if (!unsaved || tried.step === progress().step) return;
      try {
        await metrics.sync().catch(() => {});
        await save();
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        onEvent({ type: 'note', text: `step ${progress().step} could not be saved: ${reason}` });
      }
    },
  };
}
