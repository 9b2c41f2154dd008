import type { GridData } from '../ablation/grid-folder.js';
import type { ReadyModels } from './model-folders.js';
import type { ReproduceOptions } from './reproduce-options.js';
import {
  type DataDigest,
  dataDigest,
  ofGrid,
  type ReproductionManifest,
  reproductionManifest,
} from './reproduction-manifest.js';

/** Digests of what a reproduction of models was made from: of the pairs that were judged, and those of the training where there was one. */
export async function modelsData(
  { trained }: ReadyModels,
  { evaluation }: ReproduceOptions,
): Promise<{ readonly evaluation: DataDigest } & Partial<Pick<GridData, 'train' | 'validation'>>> {
  return trained ? { ...trained.grid.data } : { evaluation: await dataDigest(evaluation) };
}

/** The manifest of a reproduction of models. */
export function modelsManifest(
  { models, trained }: ReadyModels,
  { device, split }: ReproduceOptions,
  data: Readonly<Record<string, DataDigest>>,
  options: Readonly<Record<string, unknown>>,
): ReproductionManifest {
  return reproductionManifest({
    ...(device ? { device } : {}),
    ...(trained ? ofGrid(trained.grid) : {}),
    ...{ split, data, models: models.map(({ path: _, ...model }) => model), options },
  });
}

/** What is to be known of the pairs that models were judged on. */
export function splitWarnings({ split }: Pick<ReproduceOptions, 'split'>): string[] {
  return split === 'test' ? [] : ['Judged on the validation pairs, on which the weights were chosen.'];
}
