import type { ConfigOf } from '../training/assemble-run.js';
import { configOfSettings } from '../training/train.js';
import { keptResult } from './kept-result.js';
import { type ConditionResult, measureMissing } from './measure-missing.js';
import { comparedMethods } from './methods.js';
import { type Condition, conditionGroups } from './missing-conditions.js';
import { missingPage } from './missing-page.js';
import { readyModels } from './model-folders.js';
import { modelsData, modelsManifest, splitWarnings } from './models-manifest.js';
import { withModelFolder } from './open-model.js';
import type { ReproduceOptions } from './reproduce-options.js';
import type { Reproduced } from './reproduced.js';
import { checkReproductionFolder, writeReproduction } from './reproduction-folder.js';
import type { ReproductionManifest, UsedModel } from './reproduction-manifest.js';

/** The curves of one model. */
export interface MissingModel {
  readonly name: string;
  /** An entry a seed, each with a result for every condition, in their order. */
  readonly runs: readonly (Pick<UsedModel, 'arm' | 'seed' | 'folder'> & {
    readonly results: readonly ConditionResult[];
  })[];
}

/** The content of `missing.json`. */
export interface MissingReport {
  readonly version: 1;
  readonly what: 'missing';
  readonly conditions: readonly Condition[];
  readonly models: readonly MissingModel[];
  readonly warnings: readonly string[];
  readonly manifest: ReproductionManifest;
}

/** What the curves are made with. */
export interface MissingOptions extends ReproduceOptions {
  /** Of the products that are drawn; the same for all models. Default 7. */
  readonly drawSeed?: number;
}

/**
 * Recall against the share of products without an image, without a title, and with another product's, for UniECS and both baselines (the
 * cells of Table 1, or folders that are given), every seed.
 *
 * @throws UniecsError as `readyModels`, and `data` for an image that cannot be read
 */
export function reproduceMissing(options: MissingOptions): Promise<Reproduced<MissingReport>> {
  return reproduceMissingWith(options, configOfSettings);
}

/** `reproduceMissing` for models of any configuration. */
export async function reproduceMissingWith(
  options: MissingOptions,
  configOf: ConfigOf,
): Promise<Reproduced<MissingReport>> {
  const { out, evaluation, signal, onMeasure, drawSeed = 7 } = options;
  await checkReproductionFolder(out);
  const ready = await readyModels(options, comparedMethods, configOf);
  const data = await modelsData(ready, options);
  const groups = conditionGroups(evaluation, drawSeed);
  const conditions = groups.flatMap((group) => group.map(({ condition }) => condition));
  const found = new Map<string, MissingModel['runs'][number][]>();
  for (const { name, arm, seed, folder, path, weights } of ready.models) {
    const runs = found.get(name) ?? [];
    const key = { weights, data: data.evaluation, conditions, drawSeed };
    const results = await keptResult(out, `missing ${name} ${runs.length + 1}`, key, () =>
      withModelFolder(path, options, async (embedder) => {
        const shown = seed === undefined ? name : `${name}, seed ${seed}`;
        const onProgress = (what: string, done: number, total: number) =>
          onMeasure?.({ name: shown, what, done, total });
        return (await measureMissing(embedder, evaluation, groups, { signal, onProgress })).flat();
      }),
    );
    const of = { ...(arm === undefined ? {} : { arm }), ...(seed === undefined ? {} : { seed }), folder };
    found.set(name, [...runs, { ...of, results }]);
  }
  const report: MissingReport = {
    version: 1,
    what: 'missing',
    conditions,
    models: [...found].map(([name, runs]) => ({ name, runs })),
    warnings: splitWarnings(options),
    manifest: modelsManifest(ready, options, data, { drawSeed }),
  };
  const files = await writeReproduction(out, 'missing', report, missingPage(report));
  return { report, files, ...(ready.trained ? { training: ready.trained.outcome } : {}) };
}
