import { join } from 'node:path';
import type { AttributeFields, Pair } from '@uniecs/mbeer';
import {
  type BeyondTextEvent,
  type BeyondTextSummary,
  beyondText,
  type GivenTwoTowerSettings,
  imageForm,
  modelConfig,
  readRecipe,
  recipeFiles,
  storedEncoders,
  twoTowerArms,
  twoTowerSettings,
} from '@uniecs/retrieval';
import { readGoodItems, readGoodPairs } from '../data/read-good.js';
import { sharedImages } from '../data/shared-images.js';
import { startEngine } from '../engine.js';
import { afterStart, exitCodes, interruptedCode } from '../exit-code.js';
import type { DeviceName } from '../machine/device.js';
import type { armNames } from '../options/beyond-text-command.js';
import { beyondTextTable } from '../terminal/beyond-text-table.js';
import { type Io, print } from '../terminal/io.js';
import { writeLine } from '../terminal/json-lines.js';
import { type StageReporter, stageReporter } from '../terminal/stage-reporter.js';
import { checkInit } from '../training/run-checks.js';
import { runDevice } from '../training/run-device.js';

/** The flags of `uniecs beyond-text`. */
export interface BeyondTextFlags extends Pick<GivenTwoTowerSettings, 'size' | 'preset' | 'batchSize'> {
  readonly catalog: string;
  readonly out: string;
  readonly images?: string;
  readonly imageCache?: string;
  readonly val?: string;
  readonly test?: string;
  readonly fields?: AttributeFields;
  readonly arms?: readonly (typeof armNames)[number][];
  readonly seeds?: readonly number[];
  readonly init?: string;
  readonly epochs?: number;
  readonly steps?: number;
  readonly alignmentShare?: number;
  readonly perQuery?: number;
  readonly lr?: number;
  readonly dataWorkers?: number;
  readonly device?: DeviceName;
  readonly skipBad?: boolean;
  readonly logFormat: 'pretty' | 'jsonl';
}

/** Trains and compares the arms of the recipe. What is wrong with settings, the start or the device is said before the data are read. */
export async function runBeyondText(flags: BeyondTextFlags, io: Io): Promise<number> {
  await startEngine();
  const { out, init, dataWorkers, imageCache, skipBad } = flags;
  const asLines = flags.logFormat === 'jsonl';
  const reporter = stageReporter(io.stderr);
  const note = (text: string) => (asLines ? writeLine(io.stderr, { type: 'note', text }) : reporter.note(text));
  const settings = settingsOf(flags);
  const { size, preset } = twoTowerSettings(settings);
  if (init !== undefined) await checkInit(init);
  await readRecipe(out);
  const device = await runDevice(flags.device, undefined, note);
  const images = sharedImages({ imageCache, dataWorkers, note });
  try {
    const quiet = asLines ? { ...io, stderr: { write: () => {} } } : io;
    const reading = { images: flags.images, skipBad, note };
    const encoders = await storedEncoders(init);
    const decode = images.of(imageForm(encoders ?? modelConfig(size, preset, 1))).check;
    const items = await readGoodItems(flags.catalog, quiet, { ...reading, decode });
    const { val, test, fields, seeds } = flags;
    const heldOut =
      val === undefined || test === undefined
        ? {}
        : { heldOut: idsOf(await readGoodPairs([val, test], quiet, { ...reading, check: 'fields' })) };
    const arms = twoTowerArms.filter(
      ({ name }) => flags.arms?.some((arm) => arm === name.replaceAll(' ', '-')) ?? true,
    );
    let started = false;
    const summary = await beyondText({
      ...{ items, settings, arms, out, device, images: images.of, signal: io.signal },
      data: { ...heldOut, ...(fields ? { fields } : {}) },
      ...(seeds ? { seeds } : {}),
      ...(init === undefined ? {} : { init }),
      onEvent: (event) => {
        started ||= event.type === 'training';
        if (asLines) writeLine(io.stderr, lineOf(event));
        else tell(event, reporter);
      },
    }).catch((error: unknown) => {
      throw started ? afterStart(error) : error;
    });
    reporter.end();
    return conclude(summary, flags, io, note);
  } finally {
    reporter.end();
    await images.dispose();
  }
}

function settingsOf(flags: BeyondTextFlags): GivenTwoTowerSettings {
  const { size, preset, epochs, steps, batchSize, alignmentShare, perQuery, lr: learningRate, dataWorkers } = flags;
  return { size, preset, epochs, steps, batchSize, alignmentShare, perQuery, learningRate, dataWorkers };
}

/** The products of two pair files. */
function idsOf([validation = [], test = []]: readonly Pair[][]): Record<'validation' | 'test', string[]> {
  const of = (pairs: readonly Pair[]) => pairs.flatMap(({ item1, item2 }) => [item1.id, item2.id]);
  return { validation: of(validation), test: of(test) };
}

/** An event as a line of JSON: what a stage tells has the folder of its cell beside it. */
function lineOf(event: BeyondTextEvent): Parameters<typeof writeLine>[1] {
  if (event.type === 'training') return { ...event.event, cell: event.cell.folder };
  if (event.type === 'recipe') return event;
  const { cell, ...rest } = event;
  return { ...rest, cell: cell.folder, arm: cell.arm.name, seed: cell.seed };
}

/** Tells a person an event. */
function tell(event: BeyondTextEvent, reporter: StageReporter): void {
  if (event.type === 'training') {
    reporter.onEvent(event.event);
  } else if (event.type === 'recipe') {
    const { train, test } = event.data;
    const counts = `${train.queries} queries and ${train.products} products to train on, ${test.queries} and ${test.products} to judge on`;
    reporter.note(`${counts}; ${event.cells} runs of ${event.totalSteps} steps, ${event.finished} of them done before`);
  } else {
    const { cell, place, status, reason } = event;
    const said = {
      started: undefined,
      finished: 'done',
      done: 'done by another process',
      busy: 'passed over: another process is at it',
      interrupted: 'stopped',
      failed: `failed: ${reason}`,
    }[status];
    reporter.note(`[${place}] ${cell.arm.name}, seed ${cell.seed}${said === undefined ? '' : `: ${said}`}`);
  }
}

/** Says how it ended, at the end in a table or in a line of JSON. */
function conclude(summary: BeyondTextSummary, flags: BeyondTextFlags, io: Io, note: (text: string) => void): number {
  const { finished, cells, failed, busy, interrupted, report } = summary;
  const path = (name: string) => join(flags.out, name);
  if (interrupted) note(`stopped with ${finished} of ${cells} runs done; the same command goes on from there`);
  if (busy.length > 0) note(`${busy.length} runs are in the hands of other processes, which write the report anew`);
  const code = interrupted ? interruptedCode(io.signal) : failed.length > 0 ? exitCodes.failed : exitCodes.done;
  if (flags.logFormat === 'jsonl') {
    const named = failed.map(({ cell: { folder }, reason }) => ({ cell: folder, reason }));
    const stands = { finished, cells, failed: named, busy: busy.map(({ folder }) => folder), interrupted };
    writeLine(io.stdout, { type: 'summary', ...stands, out: flags.out, report: path(recipeFiles.json) });
    return code;
  }
  print(io, beyondTextTable(report));
  for (const warning of report.warnings) note(warning);
  print(io, `\ntables: ${path(recipeFiles.table)}`);
  print(io, `report: ${path(recipeFiles.page)}`);
  return code;
}
