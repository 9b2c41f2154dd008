import type { GivenSettings } from '@uniecs/retrieval';
import { readYaml } from './read-yaml.js';
import { settingsSchema } from './settings-schema.js';

/**
 * Reads a file of settings (YAML): any setting of a training run by the name it has in a model's `config.json`.
 *
 * @throws UniecsError as `readYaml`, and `data` where there are both `epochs` and `steps`
 */
export function readSettings(file: string): Promise<GivenSettings> {
  return readYaml(file, { what: 'settings', schema: settingsSchema, check: lengthProblems });
}

/** That settings hold both lengths of a run, if they do. */
export function lengthProblems({ epochs, steps }: GivenSettings): string[] {
  return epochs !== undefined && steps !== undefined ? ['epochs and steps: expected one of them, got both'] : [];
}
