import { join } from 'node:path';
import type { Device } from '@uniecs/compile';
import { type ImageSource, imageSource, loadTokenizer, trainTokenizer } from '@uniecs/encoders/node';
import type { CatalogueItem } from '@uniecs/mbeer';
import { UniecsError } from '@uniecs/tensor';
import { folderName } from '../ablation/grid.js';
import { readTokenizer } from '../files/model-folder.js';
import { storedEncoders } from '../files/stored-encoders.js';
import { weightsDigest } from '../files/weights-digest.js';
import { type ImageForm, imageForm } from '../model/image-form.js';
import type { EncoderConfigs } from '../model/model-config.js';
import { defaultDataWorkers } from '../training/train-settings.js';
import type { BeyondTextReport } from './beyond-text-report.js';
import { queryBatches } from './query-batches.js';
import { type QueryData, type QueryDataOptions, queryData, queryDigest } from './query-data.js';
import {
  type RecipeCell,
  type RecipeOutcome,
  type RecipeSources,
  readRecipeResult,
  recipeCells,
  recipeFingerprint,
  runRecipeCell,
} from './recipe-cell.js';
import { joinRecipe, readRecipe, type StoredRecipe } from './recipe-folder.js';
import type { StageEvent } from './stage-event.js';
import { bindingSettings, type StageSources } from './stage-run.js';
import { twoTowerConfig } from './two-tower-config.js';
import {
  type GivenTwoTowerSettings,
  stagesOf,
  type TwoTowerArm,
  type TwoTowerSettings,
  twoTowerArms,
  twoTowerSettings,
} from './two-tower-settings.js';
import { writeBeyondText } from './write-beyond-text.js';

/** What the recipe tells while it goes on. */
export type BeyondTextEvent =
  | {
      readonly type: 'recipe';
      readonly cells: number;
      readonly finished: number;
      readonly totalSteps: number;
      readonly data: StoredRecipe['data'];
    }
  | {
      readonly type: 'cell';
      readonly cell: RecipeCell;
      /** Its place among the cells that were asked for, from 1. */
      readonly place: number;
      readonly status: 'started' | RecipeOutcome['status'];
      /** Why it failed. */
      readonly reason?: string;
    }
  | { readonly type: 'training'; readonly cell: RecipeCell; readonly event: StageEvent };

/** What the recipe needs. */
export interface BeyondTextOptions {
  /** The catalogue. */
  readonly items: readonly CatalogueItem[];
  /** How it becomes queries and products. */
  readonly data?: QueryDataOptions;
  readonly settings?: GivenTwoTowerSettings;
  /** Default `twoTowerArms`; the first is the one that the others are held against. */
  readonly arms?: readonly TwoTowerArm[];
  /** Seeds of training; default 7, 8 and 9. */
  readonly seeds?: readonly number[];
  /** The folder of the recipe. Several processes may work on one. */
  readonly out: string;
  /**
   * A model folder whose encoders all arms start from, and whose tokenizer they keep; it must not have seen the products that are held out.
   * Default encoders as drawn from the seed: then frozen encoders are random ones.
   */
  readonly init?: string;
  /** The source of images of a form, which the caller disposes; default one of its own. */
  readonly images?: (form: ImageForm) => ImageSource;
  /** Default `cpu`. */
  readonly device?: Device;
  /** Stops after the step at work, with a checkpoint. */
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: BeyondTextEvent) => void;
  /** The model of a stage; default `twoTowerConfig`. */
  readonly configOf?: StageSources['configOf'];
}

/** How the recipe stands when a process has no more to do. */
export interface BeyondTextSummary {
  /** Of the cells that were asked for, those that are done. */
  readonly finished: number;
  readonly cells: number;
  readonly failed: readonly { readonly cell: RecipeCell; readonly reason: string }[];
  /** Cells that other processes are at. */
  readonly busy: readonly RecipeCell[];
  readonly interrupted: boolean;
  readonly report: BeyondTextReport;
}

/**
 * The recipe of "Beyond Text" (2026) on a catalogue: text queries are made of its attributes and titles (`queryData`), and every arm is
 * trained with every seed: stage 1 aligns the query with the product's title and with its image, stage 2 with the product that a modality
 * fusion network joins from both. All arms take the same number of steps. `beyond-text.json`, `.md` and `.html` in `out` compare the arms by
 * hit, Recall and nDCG at K, written anew after every run.
 *
 * Whatever is fitted, the tokenizer too, sees the products of the training part alone. The last weights are judged, so nothing is chosen on
 * what is reported.
 *
 * A run that is done is not trained again, one that was interrupted goes on where it was, one that another process is at is passed over.
 *
 * We have the paper's abstract alone; this is our reading of it. Its queries are customers' and its encoders pretrained; ours are derived
 * from the catalogue, and start from `init` or a draw.
 *
 * @throws UniecsError `argument` for arms, seeds or settings that make no sense, `data` as `queryData` or for a folder of other data or
 *   settings, `file`
 */
export async function beyondText(options: BeyondTextOptions): Promise<BeyondTextSummary> {
  const { items, out, init, device = 'cpu', signal, onEvent = () => {} } = options;
  const { arms = twoTowerArms, seeds = [7, 8, 9] } = options;
  const settings = twoTowerSettings(options.settings);
  checkGrid(arms, seeds);
  await readRecipe(out);
  const data = queryData(items, options.data);
  checkTitles(items, arms);
  const tokenizer = init === undefined ? fittedTokenizer(data, settings) : await readTokenizer(init);
  const vocabulary = loadTokenizer(tokenizer).vocabularySize;
  const configOf = withEncoders(options.configOf ?? twoTowerConfig, await storedEncoders(init));
  const { size, preset } = settings;
  const { product } = configOf({
    ...{ stage: 'fusion', size, preset, vocabularySize: vocabulary, reads: 'image and text' },
  });
  const { text } = product;
  const form = imageForm(product);
  const source = options.images?.(form);
  const images = source ?? imageSource({ ...form, workers: settings.dataWorkers ?? defaultDataWorkers() });
  try {
    const loader = { tokenizer: loadTokenizer(tokenizer), images, maxLength: text.maxLength };
    const { batchSize, perQuery } = settings;
    const { stepsPerEpoch } = queryBatches({
      ...{ data: data.train, loader, batchSize, perQuery, seed: 0, reads: 'image and text' },
    });
    const digest = await queryDigest(data);
    const initDigest = init === undefined ? {} : { init: await weightsDigest(init, 'beyondText') };
    const sources = JSON.stringify([digest.sha256, digest.images.sha256, vocabulary, initDigest]);
    const totalSteps = stagesOf(settings, { alignment: false }, stepsPerEpoch)[0]?.steps as number;
    for (const arm of arms) stagesOf(settings, arm, stepsPerEpoch);
    await joinRecipe(out, {
      ...{ version: 1, settings: bindingSettings(settings), totalSteps, stepsPerEpoch, arms, seeds, data: digest },
      ...{ vocabulary, ...initDigest },
    });
    const shared: RecipeSources = { tokenizer, images, configOf, settings, data, sources, stepsPerEpoch, init, device };
    return await runCells(recipeCells(arms, seeds), shared, { out, signal, onEvent, totalSteps, digest });
  } finally {
    if (!source) await images.dispose();
  }
}

/** The configurations of the stages over the encoders of the folder that they start from. */
function withEncoders(
  configOf: NonNullable<BeyondTextOptions['configOf']>,
  encoders: EncoderConfigs | undefined,
): NonNullable<BeyondTextOptions['configOf']> {
  if (!encoders) return configOf;
  return (form) => {
    const config = configOf(form);
    return { ...config, product: { ...config.product, ...encoders } };
  };
}

/** Runs the cells that are open, as long as there is work. */
async function runCells(
  cells: readonly RecipeCell[],
  shared: RecipeSources,
  {
    out,
    signal,
    onEvent,
    totalSteps,
    digest,
  }: {
    readonly out: string;
    readonly signal: AbortSignal | undefined;
    readonly onEvent: (event: BeyondTextEvent) => void;
    readonly totalSteps: number;
    readonly digest: StoredRecipe['data'];
  },
): Promise<BeyondTextSummary> {
  const done = new Set<RecipeCell>();
  for (const cell of cells) {
    const result = await readRecipeResult(join(out, cell.folder), recipeFingerprint(shared, cell));
    if (result) done.add(cell);
  }
  onEvent({ type: 'recipe', cells: cells.length, finished: done.size, totalSteps, data: digest });
  const failed: { cell: RecipeCell; reason: string }[] = [];
  let busy: RecipeCell[] = [];
  let interrupted = signal?.aborted ?? false;
  const write = () => writeBeyondText(out);
  let report = await write();

  /** Whether it made the cell, or tried to. */
  async function work(cell: RecipeCell): Promise<boolean> {
    const place = cells.indexOf(cell) + 1;
    let started = false;
    const outcome = await runRecipeCell({
      ...{ ...shared, cell, out: join(out, cell.folder), signal },
      onEvent: (event) => {
        if (!started) onEvent({ type: 'cell', cell, place, status: 'started' });
        started = true;
        onEvent({ type: 'training', cell, event });
      },
    });
    onEvent({ type: 'cell', cell, place, ...outcome });
    if (outcome.status === 'failed') failed.push({ cell, reason: outcome.reason });
    if (outcome.status === 'busy') busy.push(cell);
    if (outcome.status === 'finished' || outcome.status === 'done') done.add(cell);
    interrupted = outcome.status === 'interrupted' || (signal?.aborted ?? false);
    return outcome.status === 'finished' || outcome.status === 'failed';
  }

  // Cells that others were at may have been left by them: they are looked at again as long as there is work.
  for (let worked = true; worked && !interrupted; ) {
    worked = false;
    busy = [];
    for (const cell of cells.filter((one) => !done.has(one) && !failed.some((other) => other.cell === one))) {
      if (interrupted) break;
      if (!(await work(cell))) continue;
      worked = true;
      report = await write();
    }
  }
  report = await write();
  return { finished: done.size, cells: cells.length, failed, busy, interrupted, report };
}

/** The tokenizer of the training part's titles and queries. */
function fittedTokenizer({ train }: QueryData, settings: TwoTowerSettings): object {
  const titles = train.products.flatMap(({ title }) => (title === undefined ? [] : [title]));
  return trainTokenizer([...titles, ...train.queries.map(({ text }) => text)], settings.tokenizer);
}

function checkGrid(arms: readonly TwoTowerArm[], seeds: readonly number[]): void {
  const folders = arms.map(({ name }) => folderName(name).toLowerCase());
  const repeated = arms.find((_, i) => folders[i] === '' || folders.indexOf(folders[i] as string) !== i);
  if (arms.length === 0) throw fault('at least one arm', 'none', 'name arms');
  if (repeated) throw fault('arms of different names, with a letter or a digit', `'${repeated.name}'`, 'rename one');
  const wrong = seeds.find((seed, i) => !Number.isSafeInteger(seed) || seed < 0 || seeds.indexOf(seed) !== i);
  if (seeds.length === 0) throw fault('at least one seed', 'none', 'name seeds');
  if (wrong !== undefined) {
    throw fault('seeds that are different whole numbers from 0', `${wrong}`, 'correct the seeds');
  }
}

/** A tower that reads the title alone needs one of every product. */
function checkTitles(items: readonly CatalogueItem[], arms: readonly TwoTowerArm[]): void {
  const arm = arms.find(({ reads }) => reads === 'text');
  const without = items.find(({ title }) => title === undefined);
  if (!arm || !without) return;
  const expected = `a title of every product for the arm '${arm.name}'`;
  throw fault(expected, `none of product '${without.id}'`, 'leave the arm out, or the products without a title');
}

function fault(expected: string, got: string, hint: string): UniecsError {
  return new UniecsError({ code: 'argument', where: 'beyondText', expected, got, hint });
}
