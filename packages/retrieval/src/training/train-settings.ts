import {
  type AdaptiveWeightingOptions,
  type GradientScope,
  paperWeighting,
  recommendedWeighting,
} from '@uniecs/adaptive-weighting';
import type { EncoderSizeName } from '@uniecs/encoders';
import type { AugmentOptions, TokenizerOptions } from '@uniecs/encoders/node';
import {
  type LossOptions,
  type LossTerm,
  paperLosses,
  recommendedLosses,
  recommendedTermWeights,
} from '@uniecs/losses';
import { UniecsError } from '@uniecs/tensor';
import type { FusionConfig, PresetName } from '../model/model-config.js';
import type { AdamWOptions } from './adamw.js';

/** How the loss terms are weighted: by Eq. 19 or equally, with the gradient norms measured in a scope. */
export interface WeightingSettings extends Omit<AdaptiveWeightingOptions, 'terms' | 'initial'> {
  /** Weights that terms start with, by name; 1 for a term that is not named. */
  readonly weights?: Readonly<Record<string, number>>;
  readonly scope?: GradientScope;
}

/** All settings of a training run; stored as the `training` of a model folder's `config.json`. */
export interface TrainSettings {
  readonly size: EncoderSizeName;
  readonly preset: PresetName;
  readonly seed: number;
  /** Passes over the pairs; `steps` where given counts instead. */
  readonly epochs: number;
  readonly steps?: number | undefined;
  /** Pairs a step. */
  readonly batchSize: number;
  /** Pairs that the encoders take at a time; fewer than `batchSize` trade time for memory, gradients stay exact. */
  readonly microBatch: number;
  /** Peak of warm-up and cosine. */
  readonly learningRate: number;
  readonly warmupSteps: number;
  readonly optimizer: AdamWOptions;
  /** Loss terms or groups left out, by name. */
  readonly drop: readonly string[];
  /** Changes of the preset's fusion, losses and weighting. */
  readonly fusion: Partial<FusionConfig>;
  readonly losses: LossOptions;
  readonly weighting: WeightingSettings;
  /** Changes of the augmentation; false for none. */
  readonly augmentation: AugmentOptions | false;
  readonly tokenizer: TokenizerOptions;
  /** Epochs between validations. */
  readonly validateEvery: number;
  /** Steps between checkpoints, beside the one at each validation and at the end; 0 for none. */
  readonly checkpointEvery: number;
}

type SizeDefaults = Pick<TrainSettings, 'learningRate' | 'batchSize' | 'warmupSteps' | 'optimizer'>;

/** Training defaults by size: tiny's trains well in minutes on two cores; base's rate and batch are the paper's (4.1). */
export const sizeDefaults: Readonly<Record<EncoderSizeName, SizeDefaults>> = {
  tiny: {
    learningRate: 1e-3,
    batchSize: 96,
    warmupSteps: 50,
    optimizer: { beta1: 0.9, beta2: 0.98, weightDecay: 0.05 },
  },
  small: {
    learningRate: 5e-4,
    batchSize: 96,
    warmupSteps: 50,
    optimizer: { beta1: 0.9, beta2: 0.98, weightDecay: 0.05 },
  },
  base: {
    learningRate: 1e-4,
    batchSize: 1024,
    warmupSteps: 2000,
    optimizer: { beta1: 0.9, beta2: 0.98, weightDecay: 0.05 },
  },
};

/** Settings as given: everything may be left out. */
export type GivenSettings = { readonly [Name in keyof TrainSettings]?: TrainSettings[Name] | undefined };

/**
 * Fills in the defaults: preset `recommended`, size tiny, ten epochs, seed 7, whole batches, and the size's training defaults.
 *
 * @throws UniecsError `argument` for a number out of range, an unknown size or preset
 */
export function trainSettings(given: GivenSettings = {}): TrainSettings {
  const size = given.size ?? 'tiny';
  oneOf('size', size, ['tiny', 'small', 'base']);
  const preset = given.preset ?? 'recommended';
  oneOf('preset', preset, ['recommended', 'paper']);
  const defaults = sizeDefaults[size];
  const batchSize = given.batchSize ?? defaults.batchSize;
  const settings: TrainSettings = {
    size,
    preset,
    seed: given.seed ?? 7,
    epochs: given.epochs ?? 10,
    ...(given.steps === undefined ? {} : { steps: given.steps }),
    batchSize,
    microBatch: given.microBatch ?? batchSize,
    learningRate: given.learningRate ?? defaults.learningRate,
    warmupSteps: given.warmupSteps ?? defaults.warmupSteps,
    optimizer: { ...defaults.optimizer, ...given.optimizer },
    drop: given.drop ?? [],
    fusion: given.fusion ?? {},
    losses: given.losses ?? {},
    weighting: given.weighting ?? {},
    augmentation: given.augmentation ?? {},
    tokenizer: given.tokenizer ?? {},
    validateEvery: given.validateEvery ?? 1,
    checkpointEvery: given.checkpointEvery ?? 0,
  };
  whole('seed', settings.seed, 0);
  whole('epochs', settings.epochs, 1);
  if (settings.steps !== undefined) whole('steps', settings.steps, 1);
  whole('batchSize', batchSize, 1);
  whole('microBatch', settings.microBatch, 1, batchSize);
  whole('warmupSteps', settings.warmupSteps, 0);
  whole('validateEvery', settings.validateEvery, 1);
  whole('checkpointEvery', settings.checkpointEvery, 0);
  const { learningRate } = settings;
  if (!(learningRate > 0 && learningRate < Number.POSITIVE_INFINITY)) {
    throw outOfRange('learningRate', 'a finite number above 0', learningRate);
  }
  return settings;
}

/** The preset's loss terms with the settings' changes, before any is dropped. */
export function presetLosses(settings: TrainSettings): LossTerm[] {
  return settings.preset === 'paper' ? paperLosses(settings.losses) : recommendedLosses(settings.losses);
}

/** The preset's weighting with the settings' changes. */
export function presetWeighting({ preset, weighting }: TrainSettings): Required<WeightingSettings> {
  const base =
    preset === 'paper'
      ? { ...paperWeighting, weights: {} }
      : { ...recommendedWeighting, weights: recommendedTermWeights };
  return { ...base, ...weighting };
}

function whole(name: string, value: number, least: number, most = Number.MAX_SAFE_INTEGER): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return;
  const upTo = most === Number.MAX_SAFE_INTEGER ? '' : ` up to ${most}`;
  throw outOfRange(name, `a whole number from ${least}${upTo}`, value);
}

function oneOf(name: string, value: string, known: readonly string[]): void {
  if (!known.includes(value)) throw outOfRange(name, known.join(' or '), `'${value}'`);
}

function outOfRange(name: string, expected: string, value: number | string): UniecsError {
  return new UniecsError({
    code: 'argument',
    where: 'trainSettings',
    expected: `${name} to be ${expected}`,
    got: `${value}`,
    hint: 'correct the setting',
  });
}
