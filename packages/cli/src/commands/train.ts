import { join } from 'node:path';
import { type EvaluationReport, formatTaskTable, recallMeaning } from '@uniecs/mbeer';
import {
  checkRunFolder,
  configOfSettings,
  imageForm,
  readStoredRun,
  resumedSettings,
  settingsFrom,
  startsFromEncoders,
  storedEncoders,
  type TrainOptions,
  train,
  trainSettings,
} from '@uniecs/retrieval';
import { readSettings } from '../config/read-settings.js';
import { inputsOf, inputsToStore, type RunInputs } from '../config/run-inputs.js';
import { type SettingsFlags, settingsOfFlags } from '../config/settings-of-flags.js';
import { openImages } from '../data/open-images.js';
import { readGoodPairs } from '../data/read-good.js';
import { readHardNegatives } from '../data/read-hard-negatives.js';
import { startEngine } from '../engine.js';
import { afterStart, exitCodes, interruptedCode } from '../exit-code.js';
import type { DeviceName } from '../machine/device.js';
import { dataWait, percent } from '../terminal/data-wait.js';
import { duration, rate } from '../terminal/duration.js';
import { type Io, print } from '../terminal/io.js';
import { writeLine } from '../terminal/json-lines.js';
import { jsonlReporter, prettyReporter, type TrainReporter } from '../terminal/train-reporter.js';
import { loadTerm } from '../terms/load-term.js';
import { checkInit, checkTerms } from '../training/run-checks.js';
import { runDevice } from '../training/run-device.js';
import { type StartFlags, startOfFlags } from '../training/run-start.js';

/** The flags of `uniecs train`. */
export interface TrainFlags extends SettingsFlags, StartFlags, Partial<RunInputs> {
  readonly out: string;
  readonly imageCache?: string;
  readonly config?: string;
  readonly device?: DeviceName;
  readonly resume?: boolean;
  readonly logFormat: 'pretty' | 'jsonl';
}

/**
 * Trains a model. What is wrong with settings, folders or the device is said before the data are read, what is wrong with the data before
 * the first step.
 */
export async function runTrain(flags: TrainFlags, io: Io): Promise<number> {
  await startEngine();
  const { out, resume = false } = flags;
  const given = settingsOfFlags(flags, flags.config === undefined ? {} : await readSettings(flags.config));
  await checkRunFolder(out, resume);
  const stored = resume ? await readStoredRun(out) : undefined;
  if (flags.init !== undefined) await checkInit(flags.init);
  const settings = stored ? resumedSettings(out, stored.settings, given) : await settingsFrom(flags.init, given);
  const inputs = inputsOf(out, flags, stored?.inputs);
  const terms = inputs.term === undefined ? [] : [await loadTerm(inputs.term)];
  checkTerms(settings, terms);
  const asLines = flags.logFormat === 'jsonl';
  const reporter = asLines ? jsonlReporter(io.stderr) : prettyReporter(io.stderr);
  const { note } = reporter;
  const device = await runDevice(flags.device, stored?.device, note);
  const whole = trainSettings(settings);
  const { dataWorkers } = whole;
  const from = resume ? out : flags.init;
  const encoders = await storedEncoders(from);
  if (!resume && flags.init !== undefined && (await startsFromEncoders(flags.init, whole.model))) {
    note(`${flags.init} holds another model than ${whole.model}: its encoders are the start, all else is drawn`);
  }
  const form = imageForm(encoders ?? configOfSettings(whole, 1));
  const images = openImages({ ...form, imageCache: flags.imageCache, dataWorkers, note });
  try {
    const [pairs = [], validation = []] = await readGoodPairs(
      [inputs.train, inputs.val],
      asLines ? { ...io, stderr: { write: () => {} } } : io,
      { images: inputs.images, skipBad: inputs.skipBad, note, decode: images.check },
    );
    const hardNegatives =
      inputs.hardNegatives === undefined ? {} : { hardNegatives: await readHardNegatives(inputs.hardNegatives, pairs) };
    const run = {
      settings,
      device,
      train: pairs,
      validation,
      images,
      ...startOfFlags(flags),
      out,
      resume,
      terms,
      inputs: inputsToStore(out, inputs),
      ...hardNegatives,
    };
    return await trainOn(run, reporter, asLines, io);
  } finally {
    reporter.end();
    await images.dispose();
  }
}

/** Trains and tells how it went, at the end in a table or (`asLines`) in a line of JSON. */
async function trainOn(options: TrainOptions, reporter: TrainReporter, asLines: boolean, io: Io): Promise<number> {
  const { out } = options;
  let best: EvaluationReport | undefined;
  let started = false;
  const wait = dataWait();
  const summary = await train({
    ...options,
    signal: io.signal,
    onEvent: (event) => {
      if (event.type === 'start') started = true;
      if (event.type === 'step') wait.add(event);
      if (event.type === 'validation' && event.isBest) best = event.report;
      reporter.onEvent(event);
    },
  }).catch((error: unknown) => {
    throw started ? afterStart(error) : error;
  });
  reporter.end();
  const fault = options.images?.fault;
  if (fault) reporter.note(`not all decoded images were kept for later runs: ${fault.got}`);
  const { steps, skipped, seconds, pairsPerSecond, interrupted } = summary;
  if (interrupted) {
    reporter.note(`stopped after step ${steps}, which is saved; uniecs train --out ${out} --resume goes on from there`);
  }
  const code = interrupted ? interruptedCode(io.signal) : exitCodes.done;
  if (asLines) {
    // A resumed run that did not get better has no report of its best validation.
    writeLine(io.stdout, { type: 'summary', ...summary, model: out, ...(best ? { report: best } : {}) });
  }
  if (asLines || interrupted) return code;
  if (best) print(io, `validation at step ${summary.best?.step}:\n${formatTaskTable(best)}\n${recallMeaning}\n`);
  const early = summary.stoppedEarly ? ', stopped early for want of a better validation' : '';
  const without = skipped > 0 ? `, ${skipped} of them skipped` : '';
  const pace = `${duration(seconds)} (${rate(pairsPerSecond)} pairs a second)`;
  const waiting = wait.share === undefined ? '' : `, ${percent(wait.share)} of the steps' time waiting for data`;
  print(io, `trained ${steps} steps in ${pace}${waiting}${without}${early}`);
  print(io, `model: ${out}`);
  print(io, `report: ${join(out, 'report.html')}`);
  return code;
}
