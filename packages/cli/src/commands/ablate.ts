import { join } from 'node:path';
import type { LossTerm } from '@uniecs/losses';
import {
  type AblationSummary,
  ablate,
  ablationFiles,
  cellsOf,
  checkGrid,
  checkGridFolder,
  configOfSettings,
  type Grid,
  imageForm,
  startedGrid,
  storedEncoders,
  trainSettings,
} from '@uniecs/retrieval';
import { UniecsError } from '@uniecs/tensor';
import { type GridFlags, gridOfFlags } from '../config/grid-of-flags.js';
import { readGrid } from '../config/read-grid.js';
import { inputsToStore, type RunInputs } from '../config/run-inputs.js';
import { type SettingsFlags, settingsOfFlags } from '../config/settings-of-flags.js';
import { readGoodPairs } from '../data/read-good.js';
import { sharedImages } from '../data/shared-images.js';
import { startEngine } from '../engine.js';
import { afterStart, exitCodes, interruptedCode } from '../exit-code.js';
import type { DeviceName } from '../machine/device.js';
import { ablationTable } from '../terminal/ablation-table.js';
import { gridLine, gridTeller } from '../terminal/grid-events.js';
import { type Io, print } from '../terminal/io.js';
import { writeLine } from '../terminal/json-lines.js';
import { jsonlReporter, prettyReporter, type TrainReporter } from '../terminal/train-reporter.js';
import { loadTerm } from '../terms/load-term.js';
import { checkInit, checkTerms } from '../training/run-checks.js';
import { runDevice } from '../training/run-device.js';
import { type StartFlags, startOfFlags } from '../training/run-start.js';

/** The flags of `uniecs ablate`. */
export interface AblateFlags extends Omit<SettingsFlags, 'drop' | 'seed'>, GridFlags, StartFlags, RunInputs {
  /** The pairs to judge on; default those of `val`. */
  readonly test?: string;
  readonly out: string;
  readonly config?: string;
  readonly imageCache?: string;
  readonly device?: DeviceName;
  readonly keepCheckpoints?: boolean;
  readonly logFormat: 'pretty' | 'jsonl';
}

/**
 * Trains and compares the arms of a grid. What is wrong with any arm, the folder or the device is said before the first training, most of it
 * before the data are read.
 */
export async function runAblate(flags: AblateFlags, io: Io): Promise<number> {
  await startEngine();
  const { out, train, val, test, init, term, config, imageCache, dataWorkers } = flags;
  const asLines = flags.logFormat === 'jsonl';
  const reporter = asLines ? jsonlReporter(io.stderr) : prettyReporter(io.stderr);
  const { note } = reporter;
  const tell = gridTeller(reporter);
  const file = config === undefined ? {} : await readGrid(config);
  const { drop: _drops, ...ofBase } = flags;
  const asked = gridOfFlags(flags, file, settingsOfFlags(ofBase, file.base), note);
  const terms = term === undefined ? [] : [await loadTerm(term)];
  checkGrid(asked);
  if (init !== undefined) await checkInit(init);
  const { grid, init: start } = await startedGrid(init, asked);
  checkArms(grid, terms);
  const names = terms.map(({ name }) => name);
  await checkGridFolder(out, grid, { terms: names, split: test === undefined ? 'validation' : 'test', init: start });
  const device = await runDevice(flags.device, undefined, note);
  const encoders = await storedEncoders(init);
  const form = imageForm(encoders ?? configOfSettings(trainSettings(grid.base), 1));
  const images = sharedImages({ imageCache, dataWorkers, note });
  try {
    const quiet = asLines ? { ...io, stderr: { write: () => {} } } : io;
    const reading = { images: flags.images, skipBad: flags.skipBad, note };
    const [pairs = [], validation = [], judged] = await readGoodPairs(
      [train, val, ...(test === undefined ? [] : [test])],
      quiet,
      { ...reading, decode: images.of(form).check },
    );
    const inputs = (folder: string) => inputsToStore(folder, flags);
    let started = false;
    const summary = await ablate({
      ...{ grid, train: pairs, validation, out, device, terms, images: images.of, inputs, signal: io.signal },
      ...startOfFlags(flags),
      ...(judged ? { test: judged } : {}),
      ...(flags.keepCheckpoints ? { keepCheckpoints: true } : {}),
      onEvent: (event) => {
        started ||= event.type === 'training';
        if (asLines) writeLine(io.stderr, gridLine(event));
        else tell(event);
      },
    }).catch((error: unknown) => {
      throw started ? afterStart(error) : error;
    });
    reporter.end();
    return conclude(summary, flags, io, reporter);
  } finally {
    reporter.end();
    await images.dispose();
  }
}

/** Names of terms that an arm has wrong are said with the arm's name. */
function checkArms(grid: Grid, terms: readonly LossTerm[]): void {
  for (const { arm, settings } of cellsOf({ ...grid, seeds: grid.seeds.slice(0, 1) })) {
    try {
      checkTerms(settings, terms);
    } catch (cause) {
      if (!UniecsError.isInstance(cause)) throw cause;
      const { code, where, expected, got, hint, details } = cause;
      const named = `${expected} in the arm '${arm}'`;
      throw new UniecsError({ code, where, expected: named, got, hint, details, cause });
    }
  }
}

/** Says how it ended, at the end in a table or in a line of JSON. */
function conclude(summary: AblationSummary, flags: AblateFlags, io: Io, { note }: TrainReporter): number {
  const { finished, cells, failed, busy, interrupted, report } = summary;
  const path = (name: string) => join(flags.out, name);
  if (interrupted) note(`stopped with ${finished} of ${cells} runs done; the same command goes on from there`);
  if (busy.length > 0) note(`${busy.length} runs are in the hands of other processes, which write the report anew`);
  const code = interrupted ? interruptedCode(io.signal) : failed.length > 0 ? exitCodes.failed : exitCodes.done;
  if (flags.logFormat === 'jsonl') {
    const named = failed.map(({ cell: { folder }, reason }) => ({ cell: folder, reason }));
    const where = { out: flags.out, report: path(ablationFiles.json) };
    const stands = { finished, cells, failed: named, busy: busy.map(({ folder }) => folder), interrupted };
    writeLine(io.stdout, { type: 'summary', ...stands, ...where });
    return code;
  }
  print(io, ablationTable(report));
  for (const warning of report.warnings) note(warning);
  print(io, `\ntables: ${path(ablationFiles.table)}`);
  print(io, `report: ${path(ablationFiles.page)}`);
  return code;
}
