import { join } from 'node:path';
import { type ItemVectors, pairEmbeddings } from '@uniecs/mbeer';
import { namedParameters, UniecsError } from '@uniecs/tensor';
import { type AblationReport, ablationReport } from '../ablation/ablation-report.js';
import type { StoredGrid } from '../ablation/grid-folder.js';
import { type ByRow, recallRows } from '../ablation/recall-rows.js';
import { rankPairs } from '../embedding/model-embedder.js';
import { rankEmbeddings } from '../embedding/rank-embeddings.js';
import { modelFiles, readJson, type StoredConfig } from '../files/model-folder.js';
import type { ConfigOf } from '../training/assemble-run.js';
import { configOfSettings } from '../training/train.js';
import { chosenArm, validationOf } from './choose-arm.js';
import { keptResult } from './kept-result.js';
import { type Method, table1Methods, uniecsMethod } from './methods.js';
import { givenModels, methodsToTrain, type ReadyModel, trainedModels } from './model-folders.js';
import { withModelFolder } from './open-model.js';
import type { ReproduceOptions } from './reproduce-options.js';
import type { Reproduced } from './reproduced.js';
import { checkReproductionFolder, writeReproduction } from './reproduction-folder.js';
import {
  type DataDigest,
  dataDigest,
  ofGrid,
  reproductionManifest,
  type UsedEmbeddings,
} from './reproduction-manifest.js';
import { table1Page } from './table1-page.js';
import { importedMethods, type MeasuredMethod, type Table1Report, table1Report } from './table1-report.js';
import { type TrainedArms, trainArms } from './train-arms.js';

/** Embeddings of a method, computed elsewhere. */
export interface ImportedEmbeddings extends Pick<UsedEmbeddings, 'name' | 'file' | 'sha256'> {
  readonly vectors: ItemVectors;
  /** `sum`: makes the fused view of vectors that have image and text alone. */
  readonly fuse?: 'sum' | undefined;
  readonly normalize?: boolean | undefined;
}

/** What Table 1 is made with. */
export interface Table1Options extends ReproduceOptions {
  readonly embeddings?: readonly ImportedEmbeddings[];
}

/**
 * Table 1: nine tasks by method. UniECS with both presets, CLIP_SF and CLIP_FF are trained in `out` unless a folder is given, each baseline in
 * two ways of which the better on validation stands in the table; embeddings of other methods are imported, and those that nobody
 * brings keep an empty row. The paper's own figures stand beside, in columns of their own.
 *
 * Where the training is interrupted the report is written with what is there.
 *
 * @throws UniecsError as `ablate` and `pairEmbeddings`; `argument` for names of embeddings that repeat or are those of a trained method
 */
export function reproduceTable1(options: Table1Options): Promise<Reproduced<Table1Report>> {
  return reproduceTable1With(options, configOfSettings);
}

/** `reproduceTable1` for models of any configuration. */
export async function reproduceTable1With(
  options: Table1Options,
  configOf: ConfigOf,
): Promise<Reproduced<Table1Report>> {
  const { out, evaluation, split, given = [], training, device } = options;
  const embeddings = (options.embeddings ?? []).map((one) => ({ ...one, name: paperName(one.name) }));
  await checkReproductionFolder(out);
  checkNames(
    embeddings,
    [...table1Methods, ...given].map(({ name }) => name),
  );
  // What the files hold is checked before anything is trained.
  const imported: MeasuredMethod[] = [];
  for (const one of embeddings) imported.push(await judgeEmbeddings(one, options));
  const toTrain = methodsToTrain(table1Methods, given);
  const arms = toTrain.flatMap((method) => method.arms);
  const trained = arms.length === 0 ? undefined : await trainArms(options, arms, configOf);
  const data = trained ? { ...trained.grid.data } : { evaluation: await dataDigest(evaluation) };
  const measured: MeasuredMethod[] = [];
  const models: ReadyModel[] = [];
  for (const name of new Set([...table1Methods, ...given].map((one) => one.name))) {
    const method = toTrain.find((one) => one.name === name);
    const own = method && trained ? await trainedModels(out, method, trained) : await givenModels(given, name);
    models.push(...own);
    if (own.length === 0) continue;
    measured.push(
      method && trained ? await trainedMethod(own, trained) : await judgeModels(name, own, options, data.evaluation),
    );
  }
  const comparison = trained ? ablationReport(againstUniecs(trained), trained.cells) : null;
  const report = table1Report({
    methods: [...new Set([...table1Methods, ...given].map(({ name }) => name))],
    measured: [...measured, ...imported],
    trainings: trained ? toTrain.flatMap((method) => trainingsOf(method, trained)) : [],
    comparison,
    warnings: warningsOf(split, comparison),
    manifest: reproductionManifest({
      ...(device ? { device } : {}),
      ...(training && trained ? { ...ofGrid(trained.grid), arms } : {}),
      ...{ split, data, models: models.map(({ path: _, ...model }) => model) },
      embeddings: embeddings.map(({ name, file, sha256, vectors }) => ({
        ...{ name, file, sha256, items: vectors.ids.length, dimension: vectors.dimension },
      })),
    }),
  });
  const files = await writeReproduction(out, 'table1', report, table1Page(report));
  return { report, files, ...(trained ? { training: trained.outcome } : {}) };
}

async function trainedMethod(models: readonly ReadyModel[], { cells }: TrainedArms): Promise<MeasuredMethod> {
  const [first] = models as [ReadyModel];
  const own = cells.flatMap((cell) => (cell.arm === first.arm && cell.status === 'finished' ? [cell] : []));
  return {
    ...{ name: first.name, kind: 'trained', arm: first.arm, dimension: await widthOf(first.path) },
    parameters: own[0]?.result.parameters ?? null,
    runs: own.map((cell) => ({ seed: cell.seed, from: cell.folder, recall: recallRows(cell.evaluation) })),
  };
}

async function widthOf(folder: string): Promise<number> {
  const config = (await readJson(join(folder, modelFiles.config), 'reproduce')) as StoredConfig;
  return config.model.fusion.width;
}

/** Judges model folders that were not trained here, each once. */
async function judgeModels(
  name: string,
  models: readonly ReadyModel[],
  options: ReproduceOptions,
  data: DataDigest,
): Promise<MeasuredMethod> {
  const { out, evaluation, signal, onMeasure } = options;
  const found: { recall: ByRow<number | null>; dimension: number; parameters: number }[] = [];
  for (const [i, { path, weights }] of models.entries()) {
    const result = await keptResult(out, `table1 ${name} ${i + 1}`, { weights, data }, () =>
      withModelFolder(path, options, async (embedder, { model }) => {
        const onProgress = (done: number, total: number) => onMeasure?.({ name, what: 'items', done, total });
        const recall = recallRows(await rankPairs(embedder, evaluation, { signal, onProgress }));
        const parameters = [...namedParameters(model).values()].reduce((sum, { size }) => sum + size, 0);
        return { recall, dimension: embedder.dimension, parameters };
      }),
    );
    found.push(result);
  }
  const [first] = found as [(typeof found)[number]];
  const runs = found.map(({ recall }, i) => ({ from: (models[i] as ReadyModel).folder, recall }));
  return { name, kind: 'given', dimension: first.dimension, parameters: first.parameters, runs };
}

async function judgeEmbeddings(
  { name, file, vectors, fuse, normalize }: ImportedEmbeddings,
  { evaluation, signal }: ReproduceOptions,
): Promise<MeasuredMethod> {
  const sides = pairEmbeddings(evaluation, vectors, {
    // Files with a fused view of their own keep it.
    ...(fuse && !vectors.fused ? { fuse } : {}),
    ...(normalize ? { normalize } : {}),
  });
  const { query, candidate, tasks, notCounted } = sides;
  const judged = await rankEmbeddings({ query, candidate, tasks, ...(signal ? { signal } : {}) });
  return {
    ...{ name, kind: 'imported', dimension: vectors.dimension, parameters: null },
    runs: [{ from: file, recall: recallRows(judged, notCounted) }],
    notCounted: notCounted.map((task) => task.name),
  };
}

/** The grid with UniECS as what the others are held against, where it is trained here. */
function againstUniecs({ grid }: TrainedArms): StoredGrid {
  const own = uniecsMethod.arms.find(({ name }) => grid.arms.some((arm) => arm.name === name));
  return own ? { ...grid, baseline: own.name } : grid;
}

function trainingsOf(method: Method, { known }: TrainedArms): Table1Report['trainings'] {
  const stands = chosenArm(method, known);
  return method.arms.map(({ name }) => ({
    ...{ method: method.name, arm: name, validation: validationOf(name, known), stands: name === stands },
  }));
}

function warningsOf(split: string, comparison: AblationReport | null): readonly string[] {
  if (comparison) return comparison.warnings;
  return split === 'test' ? [] : ['Judged on the validation pairs.'];
}

/** A method's name as the paper writes it, however it was typed; any other as it is. */
export function paperName(name: string): string {
  const plain = (text: string) => text.toLowerCase().replace(/[^a-z0-9]/g, '');
  return importedMethods.find((known) => plain(known) === plain(name)) ?? name;
}

function checkNames(embeddings: readonly ImportedEmbeddings[], taken: readonly string[]): void {
  const names = embeddings.map(({ name }) => name);
  const wrong = names.find((name, i) => taken.includes(name) || names.indexOf(name) !== i);
  if (wrong === undefined) return;
  const got = taken.includes(wrong) ? `'${wrong}', which is trained or given` : `two called '${wrong}'`;
  throw new UniecsError({
    code: 'argument',
    where: 'reproduce',
    expected: `embeddings by names of their own, ${importedMethods.join(', ')} for the paper's methods`,
    got,
    hint: 'give them another name',
  });
}
