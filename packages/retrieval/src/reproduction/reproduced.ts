import type { GridOutcome } from '../ablation/run-grid.js';
import type { ReproductionFiles } from './reproduction-folder.js';

/** A reproduction that was written. */
export interface Reproduced<Report> {
  readonly report: Report;
  readonly files: ReproductionFiles;
  /** How the training stands; undefined where nothing was to be trained. */
  readonly training?: GridOutcome | undefined;
}
