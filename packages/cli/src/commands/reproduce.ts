import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { checkReproductionFolder, type Reproduced, type Reproduction, reproduceFigure3 } from '@uniecs/retrieval';
import { UniecsError } from '@uniecs/tensor';
import { readGoodItems, readGoodPairs } from '../data/read-good.js';
import { startEngine } from '../engine.js';
import { exitCodes, interruptedCode } from '../exit-code.js';
import { type Io, print } from '../terminal/io.js';
import { writeLine } from '../terminal/json-lines.js';
import { type ReproductionReport, reproductionTable } from '../terminal/reproduction-tables.js';
import { jsonlReporter, prettyReporter, type TrainReporter } from '../terminal/train-reporter.js';
import type { ReproduceFlags } from './reproduce-flags.js';
import { reproduceWithModels } from './reproduce-models.js';

/** Makes a table or figure of the paper. What is wrong with flags, folders or the device is said before the data are read. */
export async function runReproduce(what: Reproduction, flags: ReproduceFlags, io: Io): Promise<number> {
  await startEngine();
  const asLines = flags.logFormat === 'jsonl';
  const reporter = asLines ? jsonlReporter(io.stderr) : prettyReporter(io.stderr);
  await checkReproductionFolder(flags.out);
  const done: Reproduced<ReproductionReport> =
    what === 'figure3'
      ? await categories(flags, asLines ? { ...io, stderr: { write: () => {} } } : io)
      : await reproduceWithModels(what, flags, { io, reporter, asLines });
  return conclude(done, asLines, io, reporter);
}

async function categories(flags: ReproduceFlags, io: Io): Promise<Reproduced<ReproductionReport>> {
  const { out, test, val, catalog, category } = flags;
  const file = test ?? val;
  if (file === undefined) throw missing('the pair file of the benchmark', 'give --test');
  if (catalog === undefined) {
    throw missing(
      'a catalogue of the products: pairs do not say a category',
      'give --catalog, an item file with a field for it',
    );
  }
  const [evaluation = []] = await readGoodPairs([file], io, { check: 'fields' });
  const catalogue = await readGoodItems(catalog, io, { check: 'fields' });
  const catalogueSha256 = createHash('sha256')
    .update(await readFile(catalog))
    .digest('hex');
  const split = test === undefined ? 'validation' : 'test';
  const field = category === undefined ? {} : { category };
  return reproduceFigure3({ out, evaluation, split, catalogue, catalogueSha256, ...field });
}

/** Says how it ended, at the end in a table or in a line of JSON. */
function conclude(
  { report, files, training }: Reproduced<ReproductionReport>,
  asLines: boolean,
  io: Io,
  { note }: TrainReporter,
): number {
  const { finished = 0, cells = 0, failed = [], busy = [], interrupted = false } = training ?? {};
  if (interrupted) note(`stopped with ${finished} of ${cells} runs done; the same command goes on from there`);
  if (busy.length > 0) note(`${busy.length} runs are in the hands of other processes: run it again when they are done`);
  const code = interrupted ? interruptedCode(io.signal) : failed.length > 0 ? exitCodes.failed : exitCodes.done;
  if (asLines) {
    const named = failed.map(({ cell: { folder }, reason }) => ({ cell: folder, reason }));
    const stands = { finished, cells, failed: named, busy: busy.map(({ folder }) => folder), interrupted };
    writeLine(io.stdout, { type: 'summary', what: report.what, ...stands, report: files.json, page: files.page });
    return code;
  }
  print(io, reproductionTable(report));
  for (const warning of report.warnings) note(warning);
  print(io, `\nfigures: ${files.json}`);
  print(io, `report: ${files.page}`);
  return code;
}

function missing(expected: string, hint: string): UniecsError {
  return new UniecsError({ code: 'argument', where: 'reproduce', expected, got: 'none', hint });
}
