import type { GivenSettings } from '@uniecs/retrieval';
import { z } from 'zod';
import { lengthProblems } from './read-settings.js';
import { readYaml } from './read-yaml.js';
import { settingsSchema } from './settings-schema.js';

/** What a file says about the grid of an ablation. */
export interface GridFile {
  /** Settings that all arms share. */
  readonly base?: GivenSettings;
  /** What each arm changes of them, by its name. */
  readonly arms?: Readonly<Record<string, GivenSettings>>;
  readonly seeds?: readonly number[];
  /** The arm that the others are held against. */
  readonly baseline?: string;
}

const gridSchema = z
  .strictObject({
    base: settingsSchema,
    arms: z.record(z.string(), settingsSchema),
    seeds: z.array(z.int().nonnegative()),
    baseline: z.string(),
  })
  .partial() as unknown as z.ZodType<GridFile>;

/**
 * Reads the grid of an ablation (YAML): `base`, `arms` by name, `seeds`, `baseline`; settings by the names they have in `config.json`.
 *
 * @throws UniecsError as `readSettings`
 */
export function readGrid(file: string): Promise<GridFile> {
  return readYaml(file, {
    what: 'a grid',
    schema: gridSchema,
    check: ({ base = {}, arms = {} }) =>
      Object.entries({
        base,
        ...Object.fromEntries(Object.entries(arms).map(([name, arm]) => [`arms.${name}`, arm])),
      }).flatMap(([at, settings]) => [
        ...lengthProblems(settings).map((problem) => `${at}: ${problem}`),
        ...(settings.seed === undefined ? [] : [`${at}.seed: the seeds of a grid stand in seeds`]),
      ]),
  });
}
