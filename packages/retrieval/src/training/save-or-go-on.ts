import { UniecsError } from '@uniecs/tensor';
import type { SaveFailedEvent } from './train-events.js';
import type { TrainSettings } from './train-settings.js';

/** What is saved, and what becomes of a failure. */
export interface SaveAttempt {
  readonly what: SaveFailedEvent['what'];
  readonly step: number;
  readonly onSaveError: TrainSettings['onSaveError'];
  /** Told where the run goes on. */
  readonly tell: (event: SaveFailedEvent) => Promise<void> | void;
}

/**
 * Saves something, and says whether it is saved. Only what the system refuses (code `file`) may be gone on from: arrays that are
 * not finite, say, always stop the run.
 *
 * @throws whatever `save` throws, unless it is of code `file` and `onSaveError` is `continue`
 */
export async function saveOrGoOn(save: () => Promise<void>, attempt: SaveAttempt): Promise<boolean> {
  try {
    await save();
    return true;
  } catch (error) {
    const { what, step, onSaveError, tell } = attempt;
    if (onSaveError === 'stop' || !UniecsError.isInstance(error) || error.code !== 'file') throw error;
    await tell({ type: 'saveFailed', step, what, reason: error.message });
    return false;
  }
}
