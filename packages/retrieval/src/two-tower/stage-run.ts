import { dispose } from '@tensorflow/tfjs-core';
import { adaptiveWeighting } from '@uniecs/adaptive-weighting';
import { type ImageSource, loadTokenizer } from '@uniecs/encoders/node';
import { learnedTemperature, type View } from '@uniecs/losses';
import { namedParameters, type Random, seededRandom } from '@uniecs/tensor';
import { canonicalJson } from '../files/canonical-json.js';
import { adamW } from '../training/adamw.js';
import { drawFanIn } from '../training/initial-weights.js';
import { type Schedule, warmupCosine } from '../training/learning-rate.js';
import { presetAugmentation } from '../training/preset-augmentation.js';
import { namedState, type TrainState, trainState } from '../training/train-state.js';
import type { StepReport } from '../training/train-step.js';
import { type QueryBatches, queryBatches } from './query-batches.js';
import type { QuerySet } from './query-data.js';
import { type QueryProductTerm, queryToProduct } from './query-product-terms.js';
import {
  type ProductReads,
  type Stage,
  type TwoTowerConfig,
  type TwoTowerConfigOptions,
  twoTowerConfig,
} from './two-tower-config.js';
import type { StartWeights } from './two-tower-folder.js';
import { type TwoTower, twoTower } from './two-tower-model.js';
import type { TwoTowerArm, TwoTowerSettings } from './two-tower-settings.js';
import { type TwoTowerInputs, twoTowerStep } from './two-tower-step.js';

/** What a stage is made from. */
export interface StageSources {
  readonly stage: Stage;
  readonly arm: TwoTowerArm;
  readonly seed: number;
  readonly settings: TwoTowerSettings;
  readonly steps: number;
  /** Default the model's own draw. */
  readonly start?: StartWeights | undefined;
  readonly tokenizer: object;
  readonly data: Pick<QuerySet, 'queries' | 'products'>;
  /** What decides on the result and is not among the others: the data's digest. A stage is not gone on with under another one. */
  readonly sources: string;
  readonly images: ImageSource;
  /** The model of a stage; default `twoTowerConfig`. */
  readonly configOf?: ((options: TwoTowerConfigOptions) => TwoTowerConfig) | undefined;
}

/** A stage before its first step. */
export interface StageRun {
  readonly config: TwoTowerConfig;
  readonly model: TwoTower;
  readonly terms: readonly QueryProductTerm[];
  readonly state: TrainState;
  readonly step: (inputs: TwoTowerInputs) => StepReport;
  readonly batches: QueryBatches;
  readonly schedule: Schedule;
  /** Of batches, augmentation and dropout: stage 2 sees others than stage 1. */
  readonly seed: number;
  /** What a checkpoint must share for this stage to go on from it. */
  readonly fingerprint: string;
  /** Frees all variables. */
  dispose(): void;
}

/** What of the products a stage compares the query with. */
const viewsOf: Readonly<Record<Stage, Readonly<Record<ProductReads, readonly View[]>>>> = {
  alignment: { 'image and text': ['text', 'image'], text: ['text'] },
  fusion: { 'image and text': ['fused'], text: ['fused'] },
};

/** Parts of a model that frozen encoders leave as they are. */
const encoders = /^(query_encoder|text_encoder|image_encoder)\./;

/** Temperature that both stages start from: CLIP's. */
const initialTemperature = 0.07;

/**
 * Builds model, terms, optimizer state and batches of a stage; its weights are the model's own draw.
 *
 * @throws UniecsError `argument` for settings that do not fit each other
 */
export function stageRun(options: StageSources): StageRun {
  const { stage, arm, settings, steps, images, configOf = twoTowerConfig } = options;
  const { size, preset, batchSize, perQuery, initialization, learningRate, clipNorm } = settings;
  const { reads } = arm;
  const tokenizer = loadTokenizer(options.tokenizer);
  const config = configOf({ stage, size, preset, vocabularySize: tokenizer.vocabularySize, reads });
  const random = seededRandom(options.seed).fork(stage);
  const seed = random.fork('batches').integer(2 ** 31);
  const loader = { tokenizer, images, maxLength: config.product.text.maxLength };
  const augment = presetAugmentation(settings);
  const batches = queryBatches({ data: options.data, loader, batchSize, seed, perQuery, reads, augment });

  // The encoders' draw is that of the seed alone: arms with and without stage 1 start from the same ones.
  const model = twoTower(config, seededRandom(options.seed).fork('model'));
  if (initialization === 'fanIn') drawTowers(model, seededRandom(options.seed).fork('fan-in'));
  const temperature = learnedTemperature({ initial: initialTemperature });
  const terms = viewsOf[stage][reads].map((view) => queryToProduct({ view, temperature }));
  const optimizer = adamW(settings.optimizer);
  const weighting = adaptiveWeighting({ terms: terms.length, beta: 0 });
  const frozen =
    arm.encoders === 'frozen' ? [...namedParameters(model).keys()].filter((name) => encoders.test(name)) : [];
  const state = trainState(model, terms, optimizer, weighting, { frozen: new Set(frozen) });
  return {
    config,
    model,
    terms,
    state,
    step: twoTowerStep({ model, terms, state, optimizer, weighting, clipNorm: clipNorm || undefined }),
    batches,
    schedule: warmupCosine({
      peak: learningRate,
      warmupSteps: Math.min(settings.warmupSteps, steps),
      totalSteps: steps,
    }),
    seed,
    fingerprint: fingerprintOf(options),
    dispose: () => dispose([...new Set(namedState(state).values())]),
  };
}

/** Draws the weights by the layers' inputs, those of both text encoders alike. */
export function drawTowers({ tree }: TwoTower, random: Random): void {
  for (const [part, module] of Object.entries(tree)) {
    drawFanIn(module, random.fork(part === 'query_encoder' ? 'text_encoder' : part));
  }
}

/** Settings that change no result. */
const unbinding: ReadonlySet<string> = new Set([
  'dataWorkers',
  'checkpointMinutes',
  'maxSkippedSteps',
  'epochs',
  'steps',
]);

/** What of the settings decides on a result. */
export function bindingSettings(settings: TwoTowerSettings): Partial<TwoTowerSettings> {
  return Object.fromEntries(Object.entries(settings).filter(([name]) => !unbinding.has(name)));
}

function fingerprintOf({ stage, arm, seed, settings, steps, sources }: StageSources): string {
  return canonicalJson({ stage, arm, seed, steps, settings: bindingSettings(settings), sources });
}
