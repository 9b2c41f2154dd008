import type { GivenSettings } from '@uniecs/retrieval';

/** The flags of `uniecs train` that are settings. */
export interface SettingsFlags {
  readonly model?: GivenSettings['model'];
  readonly size?: GivenSettings['size'];
  readonly preset?: GivenSettings['preset'];
  readonly epochs?: number;
  readonly steps?: number;
  readonly batchSize?: number;
  readonly microBatch?: number;
  readonly recompute?: boolean;
  readonly precision?: GivenSettings['precision'];
  readonly lr?: number;
  readonly seed?: number;
  readonly dataWorkers?: number;
  readonly drop?: readonly string[];
  readonly freeze?: readonly string[];
  readonly onSaveError?: GivenSettings['onSaveError'];
}

/** The file's settings with what the flags say instead; `--epochs` also overrides the file's `steps`, and the other way round. */
export function settingsOfFlags(flags: SettingsFlags, file: GivenSettings = {}): GivenSettings {
  const { model, size, preset, epochs, steps, batchSize, microBatch, lr: learningRate, seed, dataWorkers } = flags;
  const { recompute, precision, drop, freeze, onSaveError } = flags;
  const numbers = { epochs, steps, batchSize, microBatch, learningRate, seed, dataWorkers };
  const named = { model, size, preset, ...numbers, recompute, precision, drop, freeze, onSaveError };
  const given = Object.entries(named);
  const { epochs: fileEpochs, steps: fileSteps, ...rest } = file;
  const length = epochs === undefined && steps === undefined ? { epochs: fileEpochs, steps: fileSteps } : {};
  const all = { ...rest, ...length, ...Object.fromEntries(given.filter(([, value]) => value !== undefined)) };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}
