import type { CellOnDisk } from '../ablation/ablation-report.js';
import type { Arm } from '../ablation/grid.js';
import type { StoredGrid } from '../ablation/grid-folder.js';
import { betaArm, changesNothing, dropArm, fullArm, gatingArm } from '../ablation/ready-made-arms.js';
import type { PresetName } from '../model/model-config.js';
import type { GivenSettings } from '../training/train-settings.js';
import type { TrainedArms } from './train-arms.js';

/** An arm of UniECS, as a table names it and as the folder that reproductions share does. */
export interface UniecsArm {
  readonly shown: Arm;
  readonly stored: Arm;
}

/** The name of UniECS with a preset among the arms of a folder: that of Table 1, so that both train it once. */
const ownerOf: Readonly<Record<PresetName, string>> = { recommended: 'UniECS', paper: 'UniECS paper' };

/** The arms of Table 4: full, without each of the three groups of losses, without gating. */
export function table4Arms(preset: PresetName, settings: GivenSettings): UniecsArm[] {
  const base = { ...settings, preset };
  const drops = ['CMAL', 'CLAL', 'IMCL'].map((group) => dropArm([group], base));
  return [fullArm, ...drops, gatingArm(false)].map((arm) => uniecsArm(arm, preset, base));
}

/** The arms of Figure 6: values of beta, the first of which the others are held against. */
export function betaArms(betas: readonly number[], preset: PresetName, settings: GivenSettings): UniecsArm[] {
  return betas.map((beta) => uniecsArm(betaArm(beta), preset, { ...settings, preset }));
}

function uniecsArm(shown: Arm, preset: PresetName, base: GivenSettings): UniecsArm {
  const owner = ownerOf[preset];
  if (changesNothing(base, shown)) return { shown, stored: { name: owner, settings: { preset } } };
  return { shown, stored: { name: `${owner} ${shown.name}`, settings: { preset, ...shown.settings } } };
}

/** What is trained for arms: what several of them share once. */
export function storedArms(arms: readonly UniecsArm[]): Arm[] {
  return [...new Map(arms.map(({ stored }) => [stored.name, stored])).values()];
}

/** The grid and cells of arms by the names that a table has for them. */
export function shownArms(
  { grid, cells }: TrainedArms,
  arms: readonly UniecsArm[],
  preset: PresetName,
): { readonly grid: StoredGrid; readonly cells: CellOnDisk[] } {
  const names = arms.map(({ shown }) => shown.name);
  const base = { ...grid.base, preset };
  return {
    grid: { ...grid, base, arms: arms.map(({ shown }) => shown), baseline: names[0] as string },
    cells: arms.flatMap(({ shown, stored }) =>
      cells.flatMap((cell) => (cell.arm === stored.name ? [{ ...cell, arm: shown.name }] : [])),
    ),
  };
}
