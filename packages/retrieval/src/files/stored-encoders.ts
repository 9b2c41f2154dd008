import { join } from 'node:path';
import { UniecsError } from '@uniecs/tensor';
import type { EncoderConfigs } from '../model/model-config.js';
import type { GivenSettings } from '../training/train-settings.js';
import { modelFiles, readJson, type StoredConfig } from './model-folder.js';

/**
 * The encoders of a model folder as its `config.json` describes them: a run that starts from imported ones has their shapes, not those of
 * its size. Undefined where the folder has no model of one image and one text encoder.
 *
 * @throws UniecsError `file` when `config.json` cannot be read
 */
export async function storedEncoders(folder: string): Promise<EncoderConfigs | undefined> {
  const config = (await readJson(join(folder, modelFiles.config), 'storedEncoders')) as Partial<StoredConfig> | null;
  const { image, text, pixels } = config?.model ?? {};
  return image && text ? { image, text, ...(pixels ? { pixels } : {}) } : undefined;
}

/**
 * The architecture of a model folder's model as its `config.json` names it.
 *
 * @throws UniecsError `file` when `config.json` cannot be read
 */
export async function storedArchitecture(folder: string): Promise<string | undefined> {
  const config = (await readJson(
    join(folder, modelFiles.config),
    'storedArchitecture',
  )) as Partial<StoredConfig> | null;
  return config?.model?.architecture;
}

/**
 * Settings of a run that starts from a model folder: where they do not say a size, it is that of the model.
 *
 * @throws UniecsError `file` when the folder's `config.json` cannot be read, `argument` for settings that change its encoders
 */
export async function settingsFrom(init: string | undefined, given: GivenSettings = {}): Promise<GivenSettings> {
  if (init === undefined) return given;
  if (given.encoders !== undefined) {
    throw new UniecsError({
      code: 'argument',
      where: 'settingsFrom',
      expected: 'no setting encoders where a run starts from a model folder, whose encoders it has',
      got: `encoders: ${JSON.stringify(given.encoders)} and ${init}`,
      hint: 'leave one of them out',
    });
  }
  if (given.size !== undefined) return given;
  const config = (await readJson(join(init, modelFiles.config), 'settingsFrom')) as Partial<StoredConfig> | null;
  const size = config?.model?.size;
  return size === undefined ? given : { ...given, size };
}
