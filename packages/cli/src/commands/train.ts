import { type EvaluationReport, formatTaskTable } from '@uniecs/mbeer';
import { train } from '@uniecs/retrieval';
import { readSettings } from '../config/read-settings.js';
import { type SettingsFlags, settingsOfFlags } from '../config/settings-of-flags.js';
import { readGoodPairs } from '../data/read-good.js';
import { startEngine } from '../engine.js';
import { exitCodes, interruptedCode } from '../exit-code.js';
import { duration, rate } from '../terminal/duration.js';
import { type Io, print } from '../terminal/io.js';
import { jsonlReporter, prettyReporter } from '../terminal/train-reporter.js';
import { loadTerm } from '../terms/load-term.js';
import { checkInit, checkOut, checkTerms } from '../training/run-checks.js';

/** The flags of `uniecs train`. */
export interface TrainFlags extends SettingsFlags {
  readonly train: string;
  readonly val: string;
  readonly out: string;
  readonly images?: string;
  readonly config?: string;
  readonly init?: string;
  readonly term?: string;
  readonly device: 'auto' | 'cpu';
  readonly skipBad?: boolean;
  readonly resume?: boolean;
  readonly logFormat: 'pretty' | 'jsonl';
}

/** Trains a model. Whatever can be wrong with settings, folders and data is said before the first step. */
export async function runTrain(flags: TrainFlags, io: Io): Promise<number> {
  await startEngine();
  const settings = settingsOfFlags(flags, flags.config === undefined ? {} : await readSettings(flags.config));
  const terms = flags.term === undefined ? [] : [await loadTerm(flags.term)];
  checkTerms(settings, terms);
  await checkOut(flags.out, flags.resume ?? false);
  if (flags.init !== undefined) await checkInit(flags.init);
  const asLines = flags.logFormat === 'jsonl';
  const reporter = asLines ? jsonlReporter(io.stderr) : prettyReporter(io.stderr);
  const { images, skipBad } = flags;
  const [pairs = [], validation = []] = await readGoodPairs(
    [flags.train, flags.val],
    asLines ? { ...io, stderr: { write: () => {} } } : io,
    { images, skipBad, note: reporter.note },
  );

  if (flags.device === 'auto') reporter.note('device: cpu, the one that this version trains on');
  let best: EvaluationReport | undefined;
  try {
    const summary = await train({
      settings,
      train: pairs,
      validation,
      out: flags.out,
      resume: flags.resume ?? false,
      terms,
      ...(flags.init === undefined ? {} : { init: flags.init }),
      signal: io.signal,
      onEvent: (event) => {
        if (event.type === 'validation' && event.isBest) best = event.report;
        reporter.onEvent(event);
      },
    });
    reporter.end();
    const { steps, seconds, pairsPerSecond } = summary;
    if (summary.interrupted) {
      reporter.note(`stopped after step ${steps}, which is saved; the same command with --resume goes on from there`);
      return interruptedCode(io.signal);
    }
    if (best) print(io, `validation at step ${summary.best?.step}:\n${formatTaskTable(best)}\n`);
    print(io, `trained ${steps} steps in ${duration(seconds)} (${rate(pairsPerSecond)} pairs a second)`);
    print(io, `model: ${flags.out}`);
    return exitCodes.done;
  } finally {
    reporter.end();
  }
}
