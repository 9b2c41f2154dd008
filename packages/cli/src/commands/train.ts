import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { dropTerms, type LossTerm } from '@uniecs/losses';
import { type EvaluationReport, formatTaskTable } from '@uniecs/mbeer';
import { type GivenSettings, listCheckpoints, presetLosses, train, trainSettings } from '@uniecs/retrieval';
import { disposeModule, UniecsError } from '@uniecs/tensor';
import { suggestion } from '../config/nearest-name.js';
import { readSettings } from '../config/read-settings.js';
import { type SettingsFlags, settingsOfFlags } from '../config/settings-of-flags.js';
import { readGoodPairs } from '../data/read-good.js';
import { startEngine } from '../engine.js';
import { exitCodes, interruptedCode } from '../exit-code.js';
import { duration, rate } from '../terminal/duration.js';
import { type Io, print } from '../terminal/io.js';
import { jsonlReporter, prettyReporter } from '../terminal/train-reporter.js';
import { loadTerm } from '../terms/load-term.js';

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
  checkTermNames(settings, terms);
  await checkOut(flags.out, flags.resume ?? false);
  const { images, skipBad } = flags;
  const [pairs = [], validation = []] = await readGoodPairs([flags.train, flags.val], io, { images, skipBad });

  const reporter = flags.logFormat === 'jsonl' ? jsonlReporter(io.stderr) : prettyReporter(io.stderr);
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

/** A wrong name in `drop` or among the weights, or a term of the user's that has a name already, is found here rather than after reading the data. */
function checkTermNames(given: GivenSettings, added: readonly LossTerm[]): void {
  const settings = trainSettings(given);
  const preset = presetLosses(settings);
  for (const { name } of added) {
    if (!preset.some((term) => term.name === name)) continue;
    throw new UniecsError({
      code: 'argument',
      where: 'train',
      expected: 'a loss term with a name of its own',
      got: `'${name}', which is one of ${preset.map((term) => term.name).join(', ')}`,
      hint: 'rename the term',
    });
  }
  const names = [...preset, ...added].map(({ name }) => name);
  const unknown = Object.keys(settings.weighting.weights ?? {}).find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new UniecsError({
      code: 'argument',
      where: 'train',
      expected: `weights of the terms ${names.join(', ')}`,
      got: `one of '${unknown}'`,
      hint: suggestion(unknown, names),
    });
  }
  dropTerms([...preset, ...added], settings.drop);
  for (const { module } of preset) if (module) disposeModule(module);
}

/** What `train` would refuse after the data are read, said before. */
async function checkOut(out: string, resume: boolean): Promise<void> {
  const present = await readdir(out).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return [];
    throw fault(`a folder to write to, ${out}`, cause.message, 'choose another --out', cause);
  });
  const held = (await listCheckpoints(join(out, 'checkpoints'))).length > 0;
  if (resume && !held) {
    const hint = 'leave --resume out to start a run there, or name the folder of an interrupted one';
    throw fault(`a checkpoint to resume from in ${out}`, 'none', hint);
  }
  if (!resume && present.length > 0) {
    const hint = held ? 'pass --resume to go on with that run, or choose another --out' : 'choose another --out';
    throw fault(`${out} to be new or empty`, `a folder that holds ${present.slice(0, 3).join(', ')}`, hint);
  }
}

function fault(expected: string, got: string, hint: string, cause?: unknown): UniecsError {
  return new UniecsError({ code: 'file', where: 'train', expected, got, hint, cause });
}
