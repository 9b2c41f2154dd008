import type { EncoderSizeName } from '@uniecs/encoders';
import { type ModelConfig, modelConfig, type PresetName } from '../model/model-config.js';

/** What the product tower reads of a product. */
export type ProductReads = 'image and text' | 'text';

/** The stages of the recipe: `alignment` of the query with title and image apart, then the `fusion` of both. */
export type Stage = 'alignment' | 'fusion';

/** A two-tower model as it is stored: the `model` of its folder's `config.json`. */
export interface TwoTowerConfig {
  readonly architecture: 'two-tower';
  readonly reads: ProductReads;
  /** Encoders and fusion of the product tower. The query tower has a text encoder of the same form and embeddings of the same width. */
  readonly product: ModelConfig;
}

/** What a two-tower model is made from. */
export interface TwoTowerConfigOptions {
  readonly stage: Stage;
  readonly size: EncoderSizeName;
  /** Of the gated fusion. */
  readonly preset: PresetName;
  /** Of the tokenizer that both towers share. */
  readonly vocabularySize: number;
  readonly reads: ProductReads;
}

/**
 * The model of a stage. In `alignment` title and image have a linear map each and no network joins them (`scoreFusion`); in `fusion` the
 * gated fusion of UniECS takes their place, over the same encoders. With the preset `recommended` its shortcut starts from the projected
 * tokens, so that it can carry on the maps of stage 1.
 *
 * @throws UniecsError `argument` as `modelConfig`
 */
export function twoTowerConfig(options: TwoTowerConfigOptions): TwoTowerConfig {
  const { stage, size, preset, vocabularySize, reads } = options;
  const architecture = stage === 'alignment' ? 'clip-sf' : 'uniecs';
  const changes = architecture === 'uniecs' && preset === 'recommended' ? ({ residual: 'pooled' } as const) : {};
  return {
    architecture: 'two-tower',
    reads,
    product: modelConfig(size, preset, vocabularySize, changes, architecture),
  };
}
