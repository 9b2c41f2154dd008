import type { GivenSettings } from '../training/train-settings.js';

/** One of the systems that an ablation compares: what it changes of the base. */
export interface Arm {
  /** As it stands in tables, `without CMAL` say. */
  readonly name: string;
  readonly settings: GivenSettings;
}

/** What is trained: each arm with each seed. */
export interface Grid {
  /** Settings that all arms share. */
  readonly base: GivenSettings;
  readonly arms: readonly Arm[];
  /** Seeds of training, from 0; differences are paired by them. */
  readonly seeds: readonly number[];
  /** The arm that the others are held against; default the first one. */
  readonly baseline?: string;
}

/** One training run of a grid. */
export interface Cell {
  readonly arm: string;
  readonly seed: number;
  /** Its folder in that of the grid, `cells/without-CMAL-7` say. */
  readonly folder: string;
  readonly settings: GivenSettings;
}

/** The folder of the cells in that of a grid. */
export const cellsFolder = 'cells';

/** All cells, seed by seed: so that the arms can be compared as soon as one seed is done. */
export function cellsOf({ base, arms, seeds }: Grid): Cell[] {
  return seeds.flatMap((seed) =>
    arms.map(({ name, settings }) => ({
      arm: name,
      seed,
      folder: `${cellsFolder}/${folderName(name)}-${seed}`,
      settings: { ...mergedSettings(base, settings), seed },
    })),
  );
}

/** The name of an arm as that of a folder on any system. */
export function folderName(arm: string): string {
  return arm.replace(/[^A-Za-z0-9.=+]+/g, '-').replace(/^[-.]+|[-.]+$/g, '');
}

/**
 * The base's settings with an arm's changes: options of fusion, losses (term by term), weighting and the like one by one, every option's
 * value as a whole, lists too. An arm's `epochs` also replace the base's `steps`, and the other way round.
 */
export function mergedSettings(base: GivenSettings, changes: GivenSettings): GivenSettings {
  const { epochs, steps, ...rest } = base;
  const length = changes.epochs === undefined && changes.steps === undefined ? { epochs, steps } : {};
  return merged({ ...rest, ...length }, changes, 1);
}

function merged(base: object, changes: object, depth: number): Record<string, unknown> {
  const result: Record<string, unknown> = { ...base };
  for (const [name, value] of Object.entries(changes)) {
    const before = result[name];
    // Of the losses' options some are themselves a choice between keys: they are replaced whole.
    const goesOn = depth > 0 && isOptions(before) && isOptions(value);
    if (goesOn) result[name] = merged(before, value, name === 'losses' ? 1 : 0);
    else if (value !== undefined) result[name] = value;
  }
  return Object.fromEntries(Object.entries(result).filter(([, value]) => value !== undefined));
}

function isOptions(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The one setting that all arms change, each to a number of its own, as a path (`weighting.beta`); undefined where there is none. */
export function sweptSetting(arms: readonly Arm[]): string | undefined {
  const leaves = arms.map(({ settings }) => leavesOf(settings));
  const [path] = leaves[0]?.[0] ?? [];
  const numbers = new Set(leaves.map((own) => (own.length === 1 && own[0]?.[0] === path ? own[0]?.[1] : undefined)));
  const swept = arms.length > 1 && numbers.size === arms.length && [...numbers].every((n) => typeof n === 'number');
  return swept ? path : undefined;
}

/** The number that an arm gives a swept setting. */
export function sweptValue({ settings }: Arm): number {
  return leavesOf(settings)[0]?.[1] as number;
}

function leavesOf(settings: object, at = ''): [path: string, value: unknown][] {
  return Object.entries(settings).flatMap(([name, value]) =>
    isOptions(value) ? leavesOf(value, `${at}${name}.`) : [[`${at}${name}`, value] as [string, unknown]],
  );
}
