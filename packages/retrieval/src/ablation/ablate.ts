import type { BootstrapOptions } from '@uniecs/mbeer';
import type { ConfigOf } from '../training/assemble-run.js';
import { configOfSettings } from '../training/train.js';
import type { AblationReport } from './ablation-report.js';
import { type GridOutcome, type RunGridOptions, runGrid } from './run-grid.js';
import { writeAblation } from './write-ablation.js';

/** What an ablation needs. */
export interface AblateOptions extends RunGridOptions {
  readonly bootstrap?: Pick<BootstrapOptions, 'resamples' | 'confidence' | 'seed'>;
}

/** How an ablation stands when a process has no more to do. */
export interface AblationSummary extends GridOutcome {
  readonly report: AblationReport;
}

/**
 * Trains and judges every cell of a grid, and compares the arms: `ablation.json`, `ablation.md` (the form of Table 4) and `ablation.html`
 * in `out`, written anew after every cell.
 *
 * Nothing is trained before every arm has been built once. A cell that is done is not run again, one that was interrupted goes on where it
 * was, one that another process is at is passed over: so the same call goes on after an interruption, and several processes share a grid.
 * A cell whose loss stays NaN or infinite is noted, and the others go on.
 *
 * @throws UniecsError `argument` for a grid or an arm that cannot be trained, `file` for an `out` that holds something else, `data` for the
 *   grid of other settings or data; and as `train`
 */
export function ablate(options: AblateOptions): Promise<AblationSummary> {
  return ablateWith(options, configOfSettings);
}

/** `ablate` for models of any configuration. */
export async function ablateWith(options: AblateOptions, configOf: ConfigOf): Promise<AblationSummary> {
  let report: AblationReport | undefined;
  const outcome = await runGrid(options, configOf, async () => {
    report = await writeAblation(options.out, options.bootstrap);
  });
  return { ...outcome, report: report as AblationReport };
}
