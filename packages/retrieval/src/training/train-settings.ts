import { availableParallelism } from 'node:os';
import {
  type AdaptiveWeightingOptions,
  type GradientScope,
  paperWeighting,
  recommendedWeighting,
} from '@uniecs/adaptive-weighting';
import { type Precision, precisions } from '@uniecs/compile';
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
import type { Batching } from '../data/pair-batches.js';
import type { ModalityDropout } from '../data/vary-pairs.js';
import {
  type Architecture,
  architectures,
  type EncoderChanges,
  type FusionChanges,
  type PresetName,
} from '../model/model-config.js';
import type { AdamWOptions } from './adamw.js';
import { type Initialization, initializations } from './initial-weights.js';

/** How the loss terms are weighted: by Eq. 19 or equally, with the gradient norms measured in a scope. */
export interface WeightingSettings extends Omit<AdaptiveWeightingOptions, 'terms' | 'initial'> {
  /** Weights that terms start with, by name; 1 for a term that is not named. */
  readonly weights?: Readonly<Record<string, number>>;
  readonly scope?: GradientScope;
}

/** When a run ends before its last step: for want of a better validation. */
export interface EarlyStopping {
  /** Validations in a row without a better mean Recall@10 that end the run, from 1. */
  readonly patience: number;
  /** How much better counts; default 0. */
  readonly minDelta?: number;
}

/** All settings of a training run; stored as the `training` of a model folder's `config.json`. */
export interface TrainSettings {
  /** What joins image and text: the gated fusion, or a baseline over the same encoders. */
  readonly model: Architecture;
  readonly size: EncoderSizeName;
  readonly preset: PresetName;
  readonly seed: number;
  /** Passes over the pairs; `steps` where given counts instead. */
  readonly epochs: number;
  readonly steps?: number | undefined;
  /** Pairs a step. */
  readonly batchSize: number;
  /** How pairs are gathered into batches. */
  readonly batching: Batching;
  /**
   * How often an item of a training batch that has both an image and a title comes without one of them, drawn for each item and step;
   * default never. Not in the paper. Validation sees the items as they are.
   */
  readonly modalityDropout: ModalityDropout;
  /** Pairs that the encoders take at a time; fewer than `batchSize` trade time for memory, gradients stay exact. */
  readonly microBatch: number;
  /**
   * Whether the way back through the encoders computes each block again instead of keeping what it made: a third to a half of
   * the memory for a fifth more time. Micro-batches do so anyway.
   */
  readonly recompute: boolean;
  /**
   * What the encoders' matrix products multiply. With `float16` the loss is scaled, and the scale is found as the run goes on; weights,
   * optimizer, losses and all sums are float32 with any.
   */
  readonly precision: Precision;
  /** Peak of warm-up and cosine. */
  readonly learningRate: number;
  readonly warmupSteps: number;
  readonly optimizer: AdamWOptions;
  /** Parameters that stay as they are, by pattern (see `namesMatching`); they cost no gradient and no optimizer state. */
  readonly freeze: readonly string[];
  /** Factors of the learning rate by pattern; where several mean a parameter, the last one counts. */
  readonly learningRateFactors: Readonly<Record<string, number>>;
  /** The global norm that the gradient of a step is brought down to; false for as it is. */
  readonly clipNorm: number | false;
  /**
   * Decay d of an exponential moving average of the weights, 0 to 1, which validation and `model.safetensors` then use; false for
   * none. Step t has the decay `min(d, (1 + t) / (10 + t))`.
   */
  readonly averageDecay: number | false;
  /** False to train to the last step. */
  readonly earlyStopping: EarlyStopping | false;
  /** Skipped steps in a row (a loss or gradient that is not finite) that stop the run. */
  readonly maxSkippedSteps: number;
  /**
   * Loss terms or groups left out, by name. Default none; with a baseline and the preset `recommended` the paper's three groups, so that it
   * learns the nine tasks alone.
   */
  readonly drop: readonly string[];
  /** Changes of the size's encoders; a run that starts from a model folder has that folder's. */
  readonly encoders?: EncoderChanges | undefined;
  /** Changes of the preset's fusion, losses and weighting. */
  readonly fusion: FusionChanges;
  readonly losses: LossOptions;
  readonly weighting: WeightingSettings;
  /** Changes of the preset's augmentation; false for none. */
  readonly augmentation: AugmentOptions | false;
  /** How the first weights are drawn; default `fanIn`, with the preset `paper` `bert`. */
  readonly initialization: Initialization;
  readonly tokenizer: TokenizerOptions;
  /**
   * Threads that decode and augment images; 0 for none beside the main one. Default `defaultDataWorkers`. What a batch holds does not
   * depend on it.
   */
  readonly dataWorkers?: number | undefined;
  /** Epochs between validations. */
  readonly validateEvery: number;
  /** Steps between checkpoints, beside the one at each validation and at the end; 0 for none. */
  readonly checkpointEvery: number;
  /**
   * Minutes of a run between checkpoints, beside those: one is saved after the step at work when the last is so old; 0 for none. What a
   * killed run loses.
   */
  readonly checkpointMinutes: number;
  /** Checkpoints kept. */
  readonly keepLast: number;
  /** Whether the checkpoint of the best validation is kept beside them. */
  readonly keepBest: boolean;
  /**
   * What follows when the system refuses a save (disk full, no permission, an input/output error): `stop` the run, or
   * `continue` with the older checkpoint intact, tell it, and try again at the next save.
   */
  readonly onSaveError: 'stop' | 'continue';
}

/** Settings that change no result: a resumed run may have others. */
export const savingSettings = ['checkpointEvery', 'checkpointMinutes', 'keepLast', 'keepBest', 'onSaveError'] as const;

/** All settings that a resumed run may have otherwise than the run that it goes on with. */
export const unbindingSettings: ReadonlySet<string> = new Set([...savingSettings, 'maxSkippedSteps', 'dataWorkers']);

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

/** The paper's loss groups. */
const paperGroups = ['CMAL', 'CLAL', 'IMCL'] as const;

/** Settings as given: everything may be left out. */
export type GivenSettings = { readonly [Name in keyof TrainSettings]?: TrainSettings[Name] | undefined };

/**
 * Fills in the defaults: model `uniecs`, preset `recommended`, size tiny, ten epochs, seed 7, whole batches, and the size's training defaults.
 *
 * @throws UniecsError `argument` for a number out of range, an unknown model, size or preset
 */
export function trainSettings(given: GivenSettings = {}): TrainSettings {
  const model = given.model ?? 'uniecs';
  oneOf('model', model, architectures);
  const size = given.size ?? 'tiny';
  oneOf('size', size, ['tiny', 'small', 'base']);
  const preset = given.preset ?? 'recommended';
  oneOf('preset', preset, ['recommended', 'paper']);
  const defaults = sizeDefaults[size];
  const batchSize = given.batchSize ?? defaults.batchSize;
  const settings: TrainSettings = {
    model,
    size,
    preset,
    seed: given.seed ?? 7,
    epochs: given.epochs ?? 10,
    ...(given.steps === undefined ? {} : { steps: given.steps }),
    batchSize,
    batching: given.batching ?? {},
    modalityDropout: given.modalityDropout ?? {},
    microBatch: given.microBatch ?? batchSize,
    recompute: given.recompute ?? false,
    precision: given.precision ?? 'float32',
    learningRate: given.learningRate ?? defaults.learningRate,
    warmupSteps: given.warmupSteps ?? defaults.warmupSteps,
    optimizer: { ...defaults.optimizer, ...given.optimizer },
    freeze: given.freeze ?? [],
    learningRateFactors: given.learningRateFactors ?? {},
    clipNorm: given.clipNorm ?? false,
    averageDecay: given.averageDecay ?? false,
    earlyStopping: given.earlyStopping ?? false,
    maxSkippedSteps: given.maxSkippedSteps ?? 5,
    drop: given.drop ?? (model !== 'uniecs' && preset === 'recommended' ? paperGroups : []),
    ...(given.encoders === undefined ? {} : { encoders: given.encoders }),
    fusion: given.fusion ?? {},
    losses: given.losses ?? {},
    weighting: given.weighting ?? {},
    augmentation: given.augmentation ?? {},
    initialization: given.initialization ?? (preset === 'paper' ? 'bert' : 'fanIn'),
    tokenizer: given.tokenizer ?? {},
    ...(given.dataWorkers === undefined ? {} : { dataWorkers: given.dataWorkers }),
    validateEvery: given.validateEvery ?? 1,
    checkpointEvery: given.checkpointEvery ?? 0,
    checkpointMinutes: given.checkpointMinutes ?? 10,
    keepLast: given.keepLast ?? 2,
    keepBest: given.keepBest ?? true,
    onSaveError: given.onSaveError ?? 'stop',
  };
  whole('seed', settings.seed, 0);
  whole('epochs', settings.epochs, 1);
  if (settings.steps !== undefined) whole('steps', settings.steps, 1);
  whole('batchSize', batchSize, 1);
  if (settings.batching.tokenBudget !== undefined) whole('batching.tokenBudget', settings.batching.tokenBudget, 1);
  share('batching.swap', settings.batching.swap ?? 0);
  const { image = 0, text = 0 } = settings.modalityDropout;
  share('modalityDropout.image', image);
  share('modalityDropout.text', text);
  if (image + text > 1) throw outOfRange('modalityDropout', 'image and text of together at most 1', image + text);
  whole('microBatch', settings.microBatch, 1, batchSize);
  oneOf('precision', settings.precision, precisions);
  oneOf('initialization', settings.initialization, initializations);
  whole('warmupSteps', settings.warmupSteps, 0);
  if (settings.dataWorkers !== undefined) whole('dataWorkers', settings.dataWorkers, 0);
  whole('validateEvery', settings.validateEvery, 1);
  whole('checkpointEvery', settings.checkpointEvery, 0);
  const { checkpointMinutes } = settings;
  if (!(checkpointMinutes >= 0)) throw outOfRange('checkpointMinutes', 'a number from 0', checkpointMinutes);
  whole('keepLast', settings.keepLast, 1);
  oneOf('onSaveError', settings.onSaveError, ['stop', 'continue']);
  above0('learningRate', settings.learningRate);
  checkOptions(settings);
  return settings;
}

/** Threads that read images where the settings do not say: one per four cores, from 1 to 4. */
export function defaultDataWorkers(): number {
  return Math.min(4, Math.ceil(availableParallelism() / 4));
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

function checkOptions(settings: TrainSettings): void {
  const { learningRateFactors, clipNorm, averageDecay, earlyStopping } = settings;
  for (const [pattern, factor] of Object.entries(learningRateFactors)) above0(`learningRateFactors.${pattern}`, factor);
  if (clipNorm !== false) above0('clipNorm', clipNorm);
  if (averageDecay !== false && !(averageDecay >= 0 && averageDecay < 1)) {
    throw outOfRange('averageDecay', 'from 0 to less than 1, or false', averageDecay);
  }
  whole('maxSkippedSteps', settings.maxSkippedSteps, 1);
  if (earlyStopping === false) return;
  whole('earlyStopping.patience', earlyStopping.patience, 1);
  const { minDelta = 0 } = earlyStopping;
  if (!(minDelta >= 0)) throw outOfRange('earlyStopping.minDelta', 'a number from 0', minDelta);
}

function share(name: string, value: number): void {
  if (!(value >= 0 && value <= 1)) throw outOfRange(name, 'a probability from 0 to 1', value);
}

function above0(name: string, value: number): void {
  if (!(value > 0 && value < Number.POSITIVE_INFINITY)) throw outOfRange(name, 'a finite number above 0', value);
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
