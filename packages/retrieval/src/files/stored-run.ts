import { join } from 'node:path';
import type { GivenSettings } from '../training/train-settings.js';
import { modelFiles, readJson, type StoredConfig } from './model-folder.js';

/** What a run's folder says about how it was started. */
export interface StoredRun {
  readonly settings: GivenSettings;
  /** What the starter of the run wanted to keep, as it was given. */
  readonly inputs?: Readonly<Record<string, unknown>>;
}

/**
 * Reads the settings of a run from its `config.json`.
 *
 * @throws UniecsError `file` when it cannot be read
 */
export async function readStoredRun(out: string): Promise<StoredRun> {
  const config = (await readJson(join(out, modelFiles.config), 'readStoredRun')) as Partial<StoredConfig> | null;
  const { training, inputs } = config ?? {};
  return { settings: (training ?? {}) as GivenSettings, ...(inputs ? { inputs } : {}) };
}
