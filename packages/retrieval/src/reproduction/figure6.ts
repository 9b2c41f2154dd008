import { publishedTables } from '@uniecs/mbeer';
import { type AblationReport, ablationReport } from '../ablation/ablation-report.js';
import { figure6Betas } from '../ablation/ready-made-arms.js';
import type { PresetName } from '../model/model-config.js';
import type { ConfigOf } from '../training/assemble-run.js';
import { configOfSettings } from '../training/train.js';
import { figure6Page } from './figure6-page.js';
import type { ReproduceOptions } from './reproduce-options.js';
import type { Reproduced } from './reproduced.js';
import { checkReproductionFolder, writeReproduction } from './reproduction-folder.js';
import { ofGrid, type ReproductionManifest, reproductionManifest } from './reproduction-manifest.js';
import { trainArms } from './train-arms.js';
import { betaArms, shownArms, storedArms } from './uniecs-arms.js';

/** The content of `figure6.json`. */
export interface Figure6Report {
  readonly version: 1;
  readonly what: 'figure6';
  readonly preset: PresetName;
  readonly betas: readonly number[];
  /** An arm a value of beta, held against the first. */
  readonly comparison: AblationReport;
  /** What is known of the paper's figure. */
  readonly notes: readonly string[];
  readonly warnings: readonly string[];
  readonly manifest: ReproductionManifest;
}

/** What Figure 6 is made with; folders that are given play no part. */
export interface Figure6Options extends Omit<ReproduceOptions, 'given'> {
  /** Default `paper`, whose weights are adaptive. */
  readonly preset?: PresetName;
  /** Values of beta, 0 to 1; default 0, 0.1, 0.25, 0.5, 0.75 and 1. */
  readonly betas?: readonly number[];
}

/**
 * Figure 6: recall over the beta of the adaptive weights (Eq. 19), 0 being fixed weights. Where the training is interrupted the report is
 * written with what is there.
 *
 * @throws UniecsError as `ablate`
 */
export function reproduceFigure6(options: Figure6Options): Promise<Reproduced<Figure6Report>> {
  return reproduceFigure6With(options, configOfSettings);
}

/** `reproduceFigure6` for models of any configuration. */
export async function reproduceFigure6With(
  options: Figure6Options,
  configOf: ConfigOf,
): Promise<Reproduced<Figure6Report>> {
  const { out, device, split, training, preset = 'paper', betas = figure6Betas } = options;
  await checkReproductionFolder(out);
  const arms = betaArms(betas, preset, training?.settings ?? {});
  const stored = storedArms(arms);
  const trained = await trainArms(options, stored, configOf);
  const { grid, cells } = shownArms(trained, arms, preset);
  const comparison = ablationReport(grid, cells);
  const report: Figure6Report = {
    version: 1,
    what: 'figure6',
    preset,
    betas,
    comparison,
    notes: publishedTables.notes.filter(({ table }) => table === 'figure6').map(({ note }) => note),
    warnings: comparison.warnings,
    manifest: reproductionManifest({
      ...(device ? { device } : {}),
      ...{ ...ofGrid(trained.grid), arms: stored, split, data: { ...grid.data }, options: { preset, betas } },
    }),
  };
  const files = await writeReproduction(out, 'figure6', report, figure6Page(report));
  return { report, files, training: trained.outcome };
}
