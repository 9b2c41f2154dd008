import { type BertConfig, type EncoderSizeName, encoderSizes, type VisionTransformerConfig } from '@uniecs/encoders';
import { type FusionPreset, type GatedFusion, paperFusion, recommendedFusion } from '@uniecs/gated-fusion';
import { UniecsError } from '@uniecs/tensor';

/** The names of the presets: the literal paper, or the best that was measured on real data. */
export type PresetName = 'paper' | 'recommended';

/** The fusion's options as stored: all but the encoders' widths, which the encoders say. */
export type FusionConfig = Omit<GatedFusion['config'], 'imageWidth' | 'textWidth'>;

/** All that is needed to build a UniECS model; stored as the `model` of a model folder's `config.json`. */
export interface ModelConfig {
  readonly architecture: 'uniecs';
  readonly size: EncoderSizeName;
  readonly image: VisionTransformerConfig;
  readonly text: BertConfig;
  readonly fusion: FusionConfig;
}

type FusionSize = Pick<
  FusionConfig,
  'width' | 'heads' | 'crossLayers' | 'selfBlocks' | 'fusionBlocks' | 'ffnRatio' | 'dropout'
>;

/** Width D, heads, cross layers, self blocks per modality, fusion blocks and dropout of the fusion at the three sizes. */
export const fusionSizes: Readonly<Record<EncoderSizeName, FusionSize>> = {
  tiny: { width: 128, heads: 4, crossLayers: 1, selfBlocks: 1, fusionBlocks: 3, ffnRatio: 4, dropout: 0 },
  small: { width: 256, heads: 8, crossLayers: 2, selfBlocks: 1, fusionBlocks: 3, ffnRatio: 4, dropout: 0.1 },
  base: { width: 256, heads: 8, crossLayers: 3, selfBlocks: 2, fusionBlocks: 3, ffnRatio: 4, dropout: 0.1 },
};

const fusionPresets: Readonly<Record<PresetName, FusionPreset>> = {
  paper: paperFusion,
  recommended: recommendedFusion,
};

/**
 * The configuration of a size and a preset.
 *
 * @param vocabularySize of the tokenizer
 * @param changes single options of the fusion, an ablation's say
 * @throws UniecsError `argument` for an unknown size or preset
 */
export function modelConfig(
  size: EncoderSizeName,
  preset: PresetName,
  vocabularySize: number,
  changes: Partial<FusionConfig> = {},
): ModelConfig {
  checkName('size', size, Object.keys(fusionSizes));
  checkName('preset', preset, Object.keys(fusionPresets));
  return {
    architecture: 'uniecs',
    size,
    image: encoderSizes[size].image,
    text: { ...encoderSizes[size].text, vocabularySize },
    fusion: { ...fusionSizes[size], ...fusionPresets[preset], ...changes },
  };
}

function checkName(option: string, name: string, known: readonly string[]): void {
  if (known.includes(name)) return;
  throw new UniecsError({
    code: 'argument',
    where: 'modelConfig',
    expected: `${option} to be ${known.join(' or ')}`,
    got: `'${name}'`,
    hint: 'choose one of them',
  });
}
