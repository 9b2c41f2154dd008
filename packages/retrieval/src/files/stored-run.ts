import { join } from 'node:path';
import type { GivenSettings } from '../training/train-settings.js';
import { readManifest } from './manifest.js';
import { modelFiles, readJson, type StoredConfig } from './model-folder.js';

/** What a run's folder says about how it was started. */
export interface StoredRun {
  readonly settings: GivenSettings;
  /** What the starter of the run wanted to keep, as it was given. */
  readonly inputs?: Readonly<Record<string, unknown>>;
  /** The device that it ran on last; absent where the folder does not say. */
  readonly device?: string;
}

/**
 * Reads how a run was started from its `config.json`, and the device that it ran on last from its `manifest.json`.
 *
 * @throws UniecsError `file` when `config.json` cannot be read
 */
export async function readStoredRun(out: string): Promise<StoredRun> {
  const config = (await readJson(join(out, modelFiles.config), 'readStoredRun')) as Partial<StoredConfig> | null;
  const { training, inputs } = config ?? {};
  // A run that was killed before its first manifest has the device that it was started on.
  const device = (await readManifest(out))?.device ?? config?.device;
  return {
    settings: (training ?? {}) as GivenSettings,
    ...(inputs ? { inputs } : {}),
    ...(typeof device === 'string' ? { device } : {}),
  };
}
