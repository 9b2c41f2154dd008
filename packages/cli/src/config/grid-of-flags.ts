import {
  type Arm,
  betaArm,
  changesNothing,
  dropArm,
  figure6Arms,
  fullArm,
  fusionInputArm,
  type GivenSettings,
  type Grid,
  gatingArm,
  mergedSettings,
  normArm,
  table4Arms,
  weightingArm,
} from '@uniecs/retrieval';
import { UniecsError } from '@uniecs/tensor';
import type { GridFile } from './read-grid.js';

/** The flags of `uniecs ablate` that say which arms there are. */
export interface GridFlags {
  readonly grid?: 'table4' | 'figure6';
  /** A list for each time that the flag is given. */
  readonly drop?: readonly (readonly string[])[];
  readonly gating?: readonly ('on' | 'off')[];
  readonly fusionInput?: readonly ('concat' | 'tokens')[];
  readonly norm?: readonly ('post' | 'pre')[];
  readonly weighting?: readonly ('adaptive' | 'fixed' | 'uniform')[];
  readonly beta?: readonly number[];
  /** Every combination instead of one change at a time. */
  readonly cross?: boolean;
  readonly seeds?: readonly number[];
}

/**
 * The grid that flags and file ask for. The file's arms come first, then those of `--grid`, then those of the flags: one change of the base
 * each, or with `cross` every combination; before them the base as it is, `full`. An arm of a flag that asks for what the base has anyway is
 * left out, and noted. Values of beta alone are a sweep of their own: all of them are arms, and the first is what the others are held against.
 *
 * @param base the settings that all arms share
 * @throws UniecsError `argument` where there is nothing to compare
 */
export function gridOfFlags(
  flags: GridFlags,
  { arms = {}, seeds = [7], baseline }: GridFile,
  base: GivenSettings,
  note: (text: string) => void,
): Grid {
  const ofFile = Object.entries(arms).map(([name, settings]): Arm => ({ name, settings }));
  const ready = flags.grid === undefined ? [] : flags.grid === 'table4' ? table4Arms(base) : figure6Arms();
  const { drops, choices } = axesOf(flags, base);
  const isSweep = flags.grid !== 'table4' && drops.length === 0 && onlyBeta(flags);
  const wanted = flags.cross ? crossed(drops, choices, base) : [...drops, ...choices.flat()];
  const own = isSweep ? [...ready, ...wanted] : withFull([...ready, ...wanted], base, note);
  const all = unique([...ofFile, ...own]);
  if (all.length < 2) {
    throw new UniecsError({
      code: 'argument',
      where: 'ablate',
      expected: 'at least two arms to compare',
      got: all.length === 0 ? 'none' : `'${all[0]?.name}' alone`,
      hint: 'name some with --grid, --drop, --gating, --fusion-input, --norm, --weighting, --beta or in --config',
    });
  }
  const held = baseline ?? all.find(({ name }) => name === fullArm.name)?.name ?? all[0]?.name;
  return { base, arms: all, seeds: flags.seeds ?? seeds, ...(held === undefined ? {} : { baseline: held }) };
}

/** Arms by flag: those that leave terms out, and for each of the other flags its values. */
function axesOf({ drop = [], gating, fusionInput, norm, weighting, beta }: GridFlags, base: GivenSettings) {
  const drops = drop.map((names) => dropArm(names, base));
  const choices = [
    gating?.map((value) => gatingArm(value === 'on')),
    fusionInput?.map(fusionInputArm),
    norm?.map(normArm),
    weighting?.map(weightingArm),
    beta?.map(betaArm),
  ].filter((arms) => arms !== undefined);
  return { drops, choices };
}

function onlyBeta({ gating, fusionInput, norm, weighting }: GridFlags): boolean {
  return [gating, fusionInput, norm, weighting].every((values) => values === undefined);
}

/** Every combination of the values, with the base and each of the drops. */
function crossed(drops: readonly Arm[], choices: readonly (readonly Arm[])[], base: GivenSettings): Arm[] {
  const axes = [...(drops.length > 0 ? [[fullArm, ...drops]] : []), ...choices];
  let made: { names: readonly string[]; settings: GivenSettings }[] = [{ names: [], settings: {} }];
  for (const axis of axes) {
    made = made.flatMap(({ names, settings }) =>
      axis.map((arm) => ({
        names: changesNothing(base, arm) ? names : [...names, arm.name],
        settings: changesNothing(base, arm) ? settings : mergedSettings(settings, arm.settings),
      })),
    );
  }
  return made.map(({ names, settings }) => ({ name: names.join(', ') || fullArm.name, settings }));
}

/** The arms behind `full`, without those that are the same as it. */
function withFull(arms: readonly Arm[], base: GivenSettings, note: (text: string) => void): Arm[] {
  if (arms.length === 0) return [];
  const others = arms.filter((arm) => {
    if (!changesNothing(base, arm)) return true;
    if (arm.name !== fullArm.name) note(`${arm.name}: that is what '${fullArm.name}' has`);
    return false;
  });
  return [fullArm, ...others];
}

function unique(arms: readonly Arm[]): Arm[] {
  return arms.filter(({ name }, i) => arms.findIndex((arm) => arm.name === name) === i);
}
