import { join } from 'node:path';
import { eye, type Tensor, type Variable, zeros } from '@tensorflow/tfjs-core';
import { loadTokenizer, type TitleTokenizer } from '@uniecs/encoders/node';
import { disposeModule, seededRandom, UniecsError } from '@uniecs/tensor';
import { makeFolder, writeFileAtomic } from '@uniecs/tensor/node';
import { loadParts } from '../files/load-parts.js';
import { loadWeights, modelFiles, readJson, readTokenizer } from '../files/model-folder.js';
import type { TwoTowerConfig } from './two-tower-config.js';
import { type TwoTower, twoTower } from './two-tower-model.js';

/** The content of the `config.json` of a two-tower model's folder. */
export interface StoredTwoTower {
  readonly version: 1;
  readonly model: TwoTowerConfig;
  /** How it was trained; not needed to use the model. */
  readonly training?: unknown;
}

/** A two-tower model ready for use. */
export interface LoadedTwoTower {
  readonly model: TwoTower;
  readonly tokenizer: TitleTokenizer;
  readonly config: StoredTwoTower;
}

/** Writes what a folder has beside the weights. */
export async function writeTwoTowerConfig(folder: string, config: StoredTwoTower, tokenizer: object): Promise<void> {
  await makeFolder(folder);
  await writeFileAtomic(join(folder, modelFiles.tokenizer), `${JSON.stringify(tokenizer)}\n`);
  await writeFileAtomic(join(folder, modelFiles.config), `${JSON.stringify(config, null, 2)}\n`);
}

/**
 * Loads the folder of a two-tower model, of either stage.
 *
 * @throws UniecsError `file` for a missing or damaged file or another model, `data` for weights of another size
 */
export async function loadTwoTower(folder: string): Promise<LoadedTwoTower> {
  const config = (await readJson(join(folder, modelFiles.config), 'loadTwoTower')) as StoredTwoTower | null;
  if (config?.version !== 1 || config.model?.architecture !== 'two-tower') {
    throw new UniecsError({
      code: 'file',
      where: 'loadTwoTower',
      expected: `a two-tower model in ${folder}`,
      got: `a config.json of ${config?.model?.architecture ?? 'something else'}`,
      hint: 'pass a folder of a stage that uniecs beyond-text wrote; loadModelFolder loads the other models',
      details: { folder },
    });
  }
  const tokenizer = loadTokenizer(await readTokenizer(folder));
  const model = twoTower(config.model, seededRandom(0));
  try {
    await loadWeights(model, join(folder, modelFiles.weights));
  } catch (error) {
    disposeModule(model);
    throw error;
  }
  return { model, tokenizer, config };
}

/** Where a model's weights come from before its first step, beside its own draw. */
export type StartWeights =
  /** The folder of stage 1: both towers' encoders, the query's projection, and the maps of title and image (`mapsAsFusion`). */
  | { readonly alignment: string }
  /** A folder that `uniecs train` wrote: its encoders, the text encoder for both towers. All else is new. */
  | { readonly encoders: string };

/**
 * Loads the weights that a stage starts from into a model; what the start does not have stays as it is.
 *
 * @throws UniecsError `data` where the weights are those of another size or vocabulary; nothing changes then
 */
export async function loadStartWeights(model: TwoTower, start: StartWeights): Promise<void> {
  const aligned = 'alignment' in start;
  const folder = aligned ? start.alignment : start.encoders;
  const parts = ['query_encoder', 'text_encoder', 'image_encoder', ...(aligned ? ['query_projection'] : [])];
  await loadParts(model, folder, {
    source: (name) => {
      if (!parts.some((part) => name.startsWith(`${part}.`))) return undefined;
      return aligned ? name : name.replace(/^query_encoder\./, 'text_encoder.');
    },
    ...(aligned ? { made: mapsAsFusion } : {}),
    unfit: {
      where: 'loadStartWeights',
      expected: `encoders of this size and vocabulary in ${folder}`,
      hint: 'start from a model of the same size',
    },
  });
}

/**
 * What stage 1's linear maps of title and image become in the gated fusion: its projections (Eq. 1). Where it has a shortcut, that passes
 * them on as they are, and the network's part begins at nothing: with the shortcut `pooled` stage 2 starts from the very embeddings that
 * stage 1 ended with. Nothing for a model that has other parts.
 */
function mapsAsFusion(own: ReadonlyMap<string, Variable>, stage1: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  const made = new Map<string, Tensor>();
  for (const modality of ['image', 'text']) {
    const map = stage1.get(`fusion.${modality}.weight`);
    const projection = own.get(`fusion.${modality}_projection.weight`);
    if (!map || !projection || String(map.shape) !== String(projection.shape)) continue;
    const [width = 0] = projection.shape;
    made.set(`fusion.${modality}_projection.weight`, map.clone());
    made.set(`fusion.${modality}_projection.bias`, zeros([width]));
    if (own.has(`fusion.residual.${modality}.weight`)) made.set(`fusion.residual.${modality}.weight`, eye(width));
  }
  if (made.size > 0 && own.has('fusion.residual.scale')) made.set('fusion.residual.scale', zeros([1]));
  return made;
}
