import { createHash } from 'node:crypto';
import { access } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Device } from '@uniecs/compile';
import { disposeModule, UniecsError } from '@uniecs/tensor';
import { makeFolder, readSafetensors, writeFileAtomic, writeSafetensors } from '@uniecs/tensor/node';
import { folderName } from '../ablation/grid.js';
import { canonicalJson } from '../files/canonical-json.js';
import { readJson } from '../files/model-folder.js';
import { packageVersions } from '../files/package-versions.js';
import { isHeld, lockRun } from '../files/run-lock.js';
import { presetMark } from '../training/preset-revision.js';
import type { QueryData, QuerySet } from './query-data.js';
import { type QueryRanks, type QueryReport, queryReport, rankProducts } from './query-ranks.js';
import type { StageEvent } from './stage-event.js';
import { bindingSettings, type StageSources } from './stage-run.js';
import { trainStage } from './train-stage.js';
import type { Stage } from './two-tower-config.js';
import { twoTowerEmbedder } from './two-tower-embedder.js';
import { loadTwoTower } from './two-tower-folder.js';
import { stagesOf, type TwoTowerArm, type TwoTowerSettings } from './two-tower-settings.js';

/** One run of the recipe: an arm with a seed. */
export interface RecipeCell {
  readonly arm: TwoTowerArm;
  readonly seed: number;
  /** Its folder in that of the recipe, `cells/text-only-7` say. */
  readonly folder: string;
}

/** All cells, seed by seed: so that the arms can be compared as soon as one seed is done. */
export function recipeCells(arms: readonly TwoTowerArm[], seeds: readonly number[]): RecipeCell[] {
  return seeds.flatMap((seed) => arms.map((arm) => ({ arm, seed, folder: `cells/${folderName(arm.name)}-${seed}` })));
}

/** Files of a cell's folder, beside a folder for each stage. */
export const recipeCellFiles = { result: 'result.json', ranks: 'ranks.safetensors' } as const;

/** The parts that a cell is judged on: choices are made on the first, figures are those of the second. */
export const judgedSplits = ['validation', 'test'] as const;
type JudgedSplit = (typeof judgedSplits)[number];

/** A model's measures on both parts. */
export type JudgedReports = Readonly<Record<JudgedSplit, QueryReport>>;

/** The content of a cell's `result.json`; the ranks are beside it. */
export interface RecipeResult extends JudgedReports {
  readonly version: 1;
  readonly arm: string;
  readonly seed: number;
  /** SHA-256 over what decides on the result: arm, settings, steps, data, what it started from. */
  readonly fingerprint: string;
  readonly stages: readonly {
    readonly stage: Stage;
    readonly steps: number;
    readonly skipped: number;
    readonly seconds: number;
  }[];
  /** After stage 1, where there is one: title and image joined by the sum of their normalised embeddings. */
  readonly afterAlignment?: JudgedReports;
  /** Numbers of the final model. */
  readonly parameters: number;
  readonly device: string;
  readonly versions: Readonly<Record<string, string>>;
  /** ISO 8601, UTC. */
  readonly finishedAt: string;
}

/** What all cells of a recipe share. */
export interface RecipeSources extends Pick<StageSources, 'tokenizer' | 'images' | 'configOf'> {
  readonly settings: TwoTowerSettings;
  readonly data: QueryData;
  /** Names the content of the data and of the weights that cells start from. */
  readonly sources: string;
  readonly stepsPerEpoch: number;
  /** A model folder whose encoders all cells start from. */
  readonly init?: string | undefined;
  readonly device: Device;
}

/** What running a cell needs. */
export interface RunRecipeCell extends RecipeSources {
  readonly cell: RecipeCell;
  /** The cell's folder. */
  readonly out: string;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent: (event: StageEvent) => void;
}

/** `finished` by this process now, `done` before, `busy` in another process's hands, `interrupted` and saved, or `failed`. */
export type RecipeOutcome =
  | { readonly status: 'finished' | 'done' | 'busy' | 'interrupted' }
  | { readonly status: 'failed'; readonly reason: string };

/** Raised whenever the stages change what they do, so that finished results of the one before are not taken for those of this one. */
const recipeRevision = 2;

/** What decides on the result of a cell, as a short text. */
export function recipeFingerprint(
  { settings, sources, stepsPerEpoch }: Pick<RecipeSources, 'settings' | 'sources' | 'stepsPerEpoch'>,
  { arm, seed }: RecipeCell,
): string {
  const { name: _, ...does } = arm;
  const content = { does, seed, stages: stagesOf(settings, arm, stepsPerEpoch), settings: bindingSettings(settings) };
  return createHash('sha256')
    .update(canonicalJson({ ...content, ...presetMark(settings.preset), recipeRevision, sources }))
    .digest('hex');
}

/**
 * Trains the stages of a cell, or goes on with them, and judges its model, unless it is done or another process is at it.
 *
 * @throws UniecsError as `trainStage` and `readRecipeResult`; but not `numeric`, which says something about the arm
 */
export async function runRecipeCell(options: RunRecipeCell): Promise<RecipeOutcome> {
  const { cell, out, signal } = options;
  const fingerprint = recipeFingerprint(options, cell);
  if (await readRecipeResult(out, fingerprint)) return { status: 'done' };
  await makeFolder(dirname(out));
  let release: () => void;
  try {
    release = await lockRun(dirname(out), `${basename(out)}.lock`);
  } catch (error) {
    if (isHeld(error)) return { status: 'busy' };
    throw error;
  }
  try {
    if (await readRecipeResult(out, fingerprint)) return { status: 'done' };
    return { status: (await trainAndJudge(options, fingerprint)) ? 'finished' : 'interrupted' };
  } catch (error) {
    if (!UniecsError.isInstance(error)) throw error;
    if (error.code === 'interrupted' && signal?.aborted) return { status: 'interrupted' };
    if (error.code === 'numeric') return { status: 'failed', reason: error.message };
    throw error;
  } finally {
    release();
  }
}

/** Whether the cell came to its end. */
async function trainAndJudge(options: RunRecipeCell, fingerprint: string): Promise<boolean> {
  const { cell, out, settings, data, init, device, signal } = options;
  const { arm, seed } = cell;
  const { tokenizer, images, configOf, sources, onEvent } = options;
  const shared = { arm, seed, settings, tokenizer, images, configOf, sources, device, signal, onEvent };
  const stages: RecipeResult['stages'][number][] = [];
  let [parameters, start] = [0, init === undefined ? undefined : ({ encoders: init } as StageSources['start'])];
  let reports: JudgedReports | undefined;
  let afterAlignment: JudgedReports | undefined;
  for (const { stage, steps } of stagesOf(settings, arm, options.stepsPerEpoch)) {
    const folder = join(out, stage);
    const before = await stageDone(folder);
    const summary = before ?? (await trainStage({ ...shared, stage, steps, start, data: data.train, out: folder }));
    if (summary.interrupted) return false;
    if (!before) await writeFileAtomic(join(folder, stageFile), `${JSON.stringify(summary, null, 2)}\n`);
    const { skipped, seconds } = summary;
    stages.push({ stage, steps, skipped, seconds });
    parameters = summary.parameters;
    const { ranks, ...judged } = await judge(folder, options);
    if (stage === 'alignment') afterAlignment = judged;
    else {
      reports = judged;
      await writeRanks(out, ranks);
    }
    start = { alignment: folder };
  }
  const result: RecipeResult = {
    ...{ version: 1, arm: arm.name, seed, fingerprint, stages, parameters, device },
    ...(reports as JudgedReports),
    ...(afterAlignment ? { afterAlignment } : {}),
    versions: { node: process.versions.node, ...packageVersions() },
    finishedAt: new Date().toISOString(),
  };
  await writeFileAtomic(join(out, recipeCellFiles.result), `${JSON.stringify(result, null, 2)}\n`);
  return true;
}

/** Beside a stage that is done: how it ended. */
const stageFile = 'stage.json';
type StageDone = Awaited<ReturnType<typeof trainStage>>;

async function stageDone(folder: string): Promise<StageDone | undefined> {
  const path = join(folder, stageFile);
  return (await exists(path)) ? ((await readJson(path, 'beyondText')) as StageDone) : undefined;
}

async function judge(
  folder: string,
  { data, images, device, signal }: RunRecipeCell,
): Promise<JudgedReports & { readonly ranks: Readonly<Record<JudgedSplit, QueryRanks>> }> {
  const { model, tokenizer, config } = await loadTwoTower(folder);
  const loader = { tokenizer, images, maxLength: config.model.product.text.maxLength };
  const embedder = twoTowerEmbedder({ model, loader, device });
  try {
    const of = async (set: QuerySet) => rankProducts(embedder, set, { signal });
    const ranks = { validation: await of(data.validation), test: await of(data.test) };
    return {
      validation: queryReport(data.validation, ranks.validation),
      test: queryReport(data.test, ranks.test),
      ranks,
    };
  } finally {
    await embedder.dispose();
    disposeModule(model);
  }
}

/** Of each part the ranks of all queries one after the other, and how many each query has. */
async function writeRanks(out: string, ranks: Readonly<Record<JudgedSplit, QueryRanks>>): Promise<void> {
  const array = (data: Int32Array) => ({ dtype: 'I32' as const, shape: [data.length], data });
  const tensors = judgedSplits.flatMap((split) => {
    const all = ranks[split].flatMap((own) => [...own]);
    const counts = ranks[split].map(({ length }) => length);
    return [
      [`${split} ranks`, array(Int32Array.from(all))] as const,
      [`${split} counts`, array(Int32Array.from(counts))] as const,
    ];
  });
  await writeSafetensors(join(out, recipeCellFiles.ranks), new Map(tensors));
}

/**
 * The ranks of a cell that is done, query by query.
 *
 * @throws UniecsError `file` where they cannot be read
 */
export async function readRecipeRanks(out: string, split: JudgedSplit): Promise<QueryRanks> {
  const { tensors } = await readSafetensors(join(out, recipeCellFiles.ranks));
  const [ranks, counts] = ['ranks', 'counts'].map((name) => tensors.get(`${split} ${name}`)?.data);
  if (!(ranks instanceof Int32Array) || !(counts instanceof Int32Array)) {
    throw unusable('file', out, `the ranks of ${split} in ${recipeCellFiles.ranks}`, 'none');
  }
  let end = 0;
  return Array.from(counts, (count) => {
    end += count;
    return ranks.slice(end - count, end);
  });
}

/**
 * The result of a cell; undefined where there is none yet.
 *
 * @param fingerprint that it must have; default any
 * @throws UniecsError `data` where it is that of another arm, other settings or data, `file` where it cannot be read
 */
export async function readRecipeResult(out: string, fingerprint?: string): Promise<RecipeResult | undefined> {
  const path = join(out, recipeCellFiles.result);
  if (!(await exists(path))) return undefined;
  const result = (await readJson(path, 'beyondText')) as RecipeResult | null;
  if (result?.version !== 1) throw unusable('file', out, `a result of version 1 in ${out}`, 'another one');
  if (fingerprint !== undefined && result.fingerprint !== fingerprint) {
    throw unusable('data', out, `the result of these settings and data in ${out}`, 'that of others');
  }
  return result;
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function unusable(code: 'data' | 'file', folder: string, expected: string, got: string): UniecsError {
  const hint = 'choose another folder, or delete this one';
  return new UniecsError({ code, where: 'beyondText', expected, got, hint, details: { folder } });
}
