import { type PublishedRecall, publishedTables } from '@uniecs/mbeer';
import { type AblationReport, ablationReport } from '../ablation/ablation-report.js';
import type { PresetName } from '../model/model-config.js';
import type { ConfigOf } from '../training/assemble-run.js';
import { configOfSettings } from '../training/train.js';
import type { ReproduceOptions } from './reproduce-options.js';
import type { Reproduced } from './reproduced.js';
import { checkReproductionFolder, writeReproduction } from './reproduction-folder.js';
import { ofGrid, type ReproductionManifest, reproductionManifest } from './reproduction-manifest.js';
import { table4Page } from './table4-page.js';
import { trainArms } from './train-arms.js';
import { shownArms, storedArms, table4Arms } from './uniecs-arms.js';

/** The content of `table4.json`. */
export interface Table4Report {
  readonly version: 1;
  readonly what: 'table4';
  readonly preset: PresetName;
  /** The arms, held against the full model. */
  readonly comparison: AblationReport;
  /** What the paper prints, by arm, then by task: Recall at 1, 5 and 10 on its own data. */
  readonly published: Readonly<Record<string, Readonly<Record<string, PublishedRecall>>>>;
  readonly paper: string;
  readonly warnings: readonly string[];
  readonly manifest: ReproductionManifest;
}

/** What Table 4 is made with; folders that are given play no part. */
export interface Table4Options extends Omit<ReproduceOptions, 'given'> {
  /** Default `recommended`. */
  readonly preset?: PresetName;
}

/** The arms as the paper calls them. */
const printedNames: Readonly<Record<string, string>> = {
  full: 'UniECS',
  'without CMAL': 'w/o CMAL',
  'without CLAL': 'w/o CLAL',
  'without IMCL': 'w/o IMCL',
  'without gating': 'w/o gating',
};

/**
 * Table 4: UniECS without CMAL, CLAL, IMCL and gating, beside the published table. Where the training is interrupted the report is written
 * with what is there.
 *
 * @throws UniecsError as `ablate`
 */
export function reproduceTable4(options: Table4Options): Promise<Reproduced<Table4Report>> {
  return reproduceTable4With(options, configOfSettings);
}

/** `reproduceTable4` for models of any configuration. */
export async function reproduceTable4With(
  options: Table4Options,
  configOf: ConfigOf,
): Promise<Reproduced<Table4Report>> {
  const { out, device, split, training, preset = 'recommended' } = options;
  await checkReproductionFolder(out);
  const arms = table4Arms(preset, training?.settings ?? {});
  const stored = storedArms(arms);
  const trained = await trainArms(options, stored, configOf);
  const { grid, cells } = shownArms(trained, arms, preset);
  const comparison = ablationReport(grid, cells);
  const tasks = Object.entries(publishedTables.table4);
  const report: Table4Report = {
    version: 1,
    what: 'table4',
    preset,
    comparison,
    published: Object.fromEntries(
      Object.entries(printedNames).map(([arm, name]) => [
        arm,
        Object.fromEntries(tasks.map(([task, rows]) => [task, rows[name] as PublishedRecall])),
      ]),
    ),
    paper: publishedTables.paper,
    warnings: comparison.warnings,
    manifest: reproductionManifest({
      ...(device ? { device } : {}),
      ...{ ...ofGrid(trained.grid), arms: stored, split, data: { ...grid.data }, options: { preset } },
    }),
  };
  const files = await writeReproduction(out, 'table4', report, table4Page(report));
  return { report, files, training: trained.outcome };
}
