import { type BertConfig, type EncoderSizeName, encoderSizes, type VisionTransformerConfig } from '@uniecs/encoders';
import type { PixelPreparation } from '@uniecs/encoders/node';
import { type FusionPreset, type GatedFusion, paperFusion, recommendedFusion } from '@uniecs/gated-fusion';
import { UniecsError } from '@uniecs/tensor';
import type { FeatureFusionConfig } from './feature-fusion.js';
import type { ScoreFusionConfig } from './score-fusion.js';

/** The names of the presets: the literal paper, or the best that was measured on real data. */
export type PresetName = 'paper' | 'recommended';

/** What joins image and text: the paper's gated fusion, or a baseline of its Table 1 over the same encoders. */
export type Architecture = 'uniecs' | 'clip-sf' | 'clip-ff';

/** The architectures by name. */
export const architectures: readonly Architecture[] = ['uniecs', 'clip-sf', 'clip-ff'];

/** The gated fusion's options as stored: all but the encoders' widths, which the encoders say. */
export type FusionConfig = Omit<GatedFusion['config'], 'imageWidth' | 'textWidth'>;

/** The options of each architecture's fusion. */
export interface FusionConfigs {
  readonly uniecs: FusionConfig;
  readonly 'clip-sf': ScoreFusionConfig;
  readonly 'clip-ff': FeatureFusionConfig;
}

/** A model of one architecture. */
export interface ModelConfigOf<Name extends Architecture> {
  readonly architecture: Name;
  readonly size: EncoderSizeName;
  readonly image: VisionTransformerConfig;
  readonly text: BertConfig;
  readonly fusion: FusionConfigs[Name];
  /** How imported encoders want their images; default stretched to a square by sharp, with CLIP's mean and deviation. */
  readonly pixels?: PixelPreparation;
}

/** The encoders of a model, and how their images are prepared. */
export type EncoderConfigs = Pick<ModelConfig, 'image' | 'text' | 'pixels'>;

/** All that is needed to build a model; stored as the `model` of a model folder's `config.json`. */
export type ModelConfig = ModelConfigs[Architecture];

/** The configurations by architecture. */
export type ModelConfigs = { readonly [Name in Architecture]: ModelConfigOf<Name> };

/** Single options of the encoders; the vocabulary's size is the tokenizer's. */
export interface EncoderChanges {
  readonly image?: Partial<VisionTransformerConfig>;
  readonly text?: Partial<Omit<BertConfig, 'vocabularySize'>>;
}

/** Single options of any architecture's fusion. */
export type FusionChanges = Partial<FusionConfig & FeatureFusionConfig>;

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
 * The configuration of a size and a preset. A baseline has the size's encoders and embedding width, and of the preset nothing: it
 * is the same with both.
 *
 * @param vocabularySize of the tokenizer
 * @param changes single options of the fusion, an ablation's say
 * @param architecture default `uniecs`
 * @param encoders single options of the encoders
 * @throws UniecsError `argument` for an unknown size, preset or architecture, or an option that this fusion or encoder does not have
 */
export function modelConfig<Name extends Architecture = 'uniecs'>(
  size: EncoderSizeName,
  preset: PresetName,
  vocabularySize: number,
  changes: FusionChanges = {},
  architecture = 'uniecs' as Name,
  encoders: EncoderChanges = {},
): ModelConfigs[Name] {
  checkName('size', size, Object.keys(fusionSizes));
  checkName('preset', preset, Object.keys(fusionPresets));
  checkName('architecture', architecture, architectures);
  const { width, heads, ffnRatio, dropout } = fusionSizes[size];
  const defaults: FusionConfigs = {
    uniecs: { ...fusionSizes[size], ...fusionPresets[preset] },
    'clip-sf': { width },
    'clip-ff': { width, heads, blocks: 2, ffnRatio, dropout },
  };
  const fusion: FusionConfigs[Name] = defaults[architecture];
  checkChanges(`fusion of '${architecture}'`, changes, Object.keys(fusion));
  const { image = {}, text = {} } = encoders;
  checkChanges('image encoder', image, Object.keys(encoderOptions.image));
  checkChanges('text encoder', text, Object.keys(encoderOptions.text));
  return {
    architecture,
    size,
    image: { ...encoderSizes[size].image, ...image },
    text: { ...encoderSizes[size].text, ...text, vocabularySize },
    fusion: { ...fusion, ...changes },
  } as ModelConfigs[Name];
}

/** The rate of dropout of a model's parts, 0 where a part has none. */
export function dropoutRates({ image, text, fusion }: ModelConfig): readonly number[] {
  const parts: readonly { readonly width: number; readonly dropout?: number }[] = [image, text, fusion];
  return parts.map(({ dropout = 0 }) => dropout);
}

const ofBothEncoders = {
  width: true,
  layers: true,
  heads: true,
  ffnRatio: true,
  dropout: true,
  activation: true,
  epsilon: true,
} as const;

/** What of each encoder is an option. */
const encoderOptions: {
  readonly [Side in keyof EncoderChanges]-?: Readonly<Record<keyof NonNullable<EncoderChanges[Side]>, true>>;
} = {
  image: { imageSize: true, patchSize: true, ...ofBothEncoders },
  text: { maxLength: true, positions: true, ...ofBothEncoders },
};

function checkChanges(part: string, changes: object, known: readonly string[]): void {
  const unknown = Object.keys(changes).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  throw new UniecsError({
    code: 'argument',
    where: 'modelConfig',
    expected: `options that the ${part} has (${known.join(', ')})`,
    got: `'${unknown}'`,
    hint: 'leave it out, or choose another model',
  });
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
