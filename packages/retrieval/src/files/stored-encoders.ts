import { join } from 'node:path';
import { UniecsError } from '@uniecs/tensor';
import { type Architecture, architectures, type EncoderConfigs, type ModelConfig } from '../model/model-config.js';
import type { GivenSettings } from '../training/train-settings.js';
import { modelFiles, readJson, type StoredConfig } from './model-folder.js';

/**
 * The encoders of a model folder as its `config.json` describes them: a run that starts from imported ones has their shapes, not those of
 * its size. Undefined without a folder, and where it has no model of one image and one text encoder.
 *
 * @throws UniecsError `file` when `config.json` cannot be read
 */
export async function storedEncoders(folder: string | undefined): Promise<EncoderConfigs | undefined> {
  if (folder === undefined) return undefined;
  const { image, text, pixels } = (await storedModel(folder, 'storedEncoders')) ?? {};
  return image && text ? { image, text, ...(pixels ? { pixels } : {}) } : undefined;
}

/**
 * Whether a run that starts from a folder takes its encoders alone, since that holds a model of another architecture: so UniECS and the
 * baselines can start from the same ones.
 *
 * @throws UniecsError `file` when `config.json` cannot be read
 */
export async function startsFromEncoders(folder: string, architecture: Architecture): Promise<boolean> {
  const stored = (await storedModel(folder, 'startsFromEncoders'))?.architecture;
  return stored !== architecture && architectures.some((known) => known === stored);
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
  const size = (await storedModel(init, 'settingsFrom'))?.size;
  return size === undefined ? given : { ...given, size };
}

/** What a folder's `config.json` says of its model, as far as it does. */
async function storedModel(folder: string, where: string): Promise<Partial<ModelConfig> | undefined> {
  const config = (await readJson(join(folder, modelFiles.config), where)) as Partial<StoredConfig> | null;
  return config?.model;
}
