import { join } from 'node:path';
import { dispose, type Variable } from '@tensorflow/tfjs-core';
import { adaptiveWeighting } from '@uniecs/adaptive-weighting';
import { type ImageSource, imageSource, loadTokenizer, trainTokenizer } from '@uniecs/encoders/node';
import { dropTerms, type LossTerm } from '@uniecs/losses';
import type { Pair } from '@uniecs/mbeer';
import { parameters, seededRandom, UniecsError } from '@uniecs/tensor';
import type { HostBatch } from '../data/feed-batches.js';
import type { ItemLoader } from '../data/item-batch.js';
import type { NegativePairs } from '../data/negative-pairs.js';
import { loadedPairs, type PairBatches, pairBatches } from '../data/pair-batches.js';
import { pairsDigest } from '../data/pairs-digest.js';
import { type FeatureCache, featureCache } from '../features/feature-cache.js';
import { canonicalJson } from '../files/canonical-json.js';
import { loadEncoders } from '../files/load-parts.js';
import { loadWeights, modelFiles, readTokenizer } from '../files/model-folder.js';
import { startsFromEncoders, storedEncoders } from '../files/stored-encoders.js';
import { type ImageForm, imageForm, isOfForm } from '../model/image-form.js';
import type { ModelConfig } from '../model/model-config.js';
import { type RetrievalModel, retrievalModel } from '../model/retrieval-model.js';
import { adamW } from './adamw.js';
import { drawFanIn } from './initial-weights.js';
import { type Schedule, warmupCosine } from './learning-rate.js';
import { parameterGroups } from './parameter-groups.js';
import { presetAugmentation } from './preset-augmentation.js';
import {
  defaultDataWorkers,
  presetLosses,
  presetWeighting,
  type TrainSettings,
  unbindingSettings,
} from './train-settings.js';
import { namedState, type TrainState, trainableParameters, trainState } from './train-state.js';
import { type TrainStages, trainStages } from './train-step.js';

/** The model that settings and a tokenizer's vocabulary ask for. */
export type ConfigOf = (settings: TrainSettings, vocabularySize: number) => ModelConfig;

/** What a run is assembled from. */
export interface RunSources {
  readonly settings: TrainSettings;
  readonly configOf: ConfigOf;
  readonly train: readonly Pair[];
  readonly validation: readonly Pair[];
  /** Names of the settings that the run was started with, where it goes on: one that came with a later version is not held against it. */
  readonly knownSettings?: ReadonlySet<string> | undefined;
  /** Loss terms beside the preset's. */
  readonly terms: readonly LossTerm[];
  /** The model folder whose tokenizer and encoders' shapes the run keeps: its own when it goes on, or the one that it starts from. */
  readonly tokenizerFrom?: string | undefined;
  /** The model folder whose weights the run starts from. */
  readonly weightsFrom?: string | undefined;
  /** The model folder whose encoders alone the run starts from, whatever else it holds. */
  readonly encodersFrom?: string | undefined;
  /** Hard negatives of the training pairs; default none. */
  readonly hardNegatives?: NegativePairs | undefined;
  /** Where images come from; default a source of the run's own. */
  readonly images?: ImageSource | undefined;
  /** A folder for the token features of encoders that are frozen whole; default none, they encode at every step. */
  readonly features?: string | undefined;
}

/** A run before its first step. */
export interface AssembledRun {
  readonly settings: TrainSettings;
  readonly config: ModelConfig;
  readonly tokenizer: object;
  readonly loader: ItemLoader;
  readonly model: RetrievalModel;
  readonly terms: readonly LossTerm[];
  readonly state: TrainState;
  readonly stages: TrainStages;
  readonly batches: PairBatches<HostBatch>;
  /** The token features that the run trains on, in the place of the encoders, which are frozen; to be prepared before the first step. */
  readonly features?: FeatureCache | undefined;
  readonly totalSteps: number;
  readonly schedule: Schedule;
  /** What a checkpoint must share for this run to go on from it. */
  readonly fingerprint: string;
  /** Frees all variables but those of the given terms, and stops the threads of an image source of its own. */
  dispose(): Promise<void>;
}

/**
 * Builds tokenizer, model, loss terms, weighting, optimizer and batches from settings and pairs.
 *
 * @throws UniecsError `argument` for settings that do not fit each other, `file` or `data` for a folder to start from that does not
 */
export async function assembleRun(sources: RunSources): Promise<AssembledRun> {
  const made: Variable[] = [];
  const given = new Set(sources.terms.flatMap(({ module }) => (module ? parameters(module) : [])));
  const disposeMade = () => dispose([...new Set(made.splice(0))].filter((variable) => !given.has(variable)));
  try {
    const run = await assembled(sources, made);
    return {
      ...run,
      dispose: async () => {
        disposeMade();
        run.features?.close();
        if (!sources.images) await run.loader.images.dispose();
      },
    };
  } catch (error) {
    disposeMade();
    throw error;
  }
}

/** `assembleRun`, which notes the variables that it makes. */
async function assembled(sources: RunSources, made: Variable[]): Promise<Omit<AssembledRun, 'dispose'>> {
  const { settings } = sources;
  const ofPreset = presetLosses(settings);
  made.push(...ofPreset.flatMap(({ module }) => (module ? parameters(module) : [])));
  const terms = chosenTerms([...ofPreset, ...sources.terms], settings);
  const { scope, weights, ...weightingOptions } = presetWeighting(settings);
  const initial = terms.map(({ name }) => weights[name] ?? 1);
  const weighting = adaptiveWeighting({ terms: terms.length, initial, ...weightingOptions });
  const optimizer = adamW(settings.optimizer);

  const tokenizerJson = sources.tokenizerFrom
    ? await readTokenizer(sources.tokenizerFrom)
    : trainTokenizer(titlesOf(sources.train), settings.tokenizer);
  const tokenizer = loadTokenizer(tokenizerJson);
  const encoders = await storedEncoders(sources.tokenizerFrom);
  const config = { ...sources.configOf(settings, tokenizer.vocabularySize), ...encoders };
  const images = imagesOf(sources, imageForm(config));
  const loader: ItemLoader = { tokenizer, images, maxLength: config.text.maxLength };
  const { batchSize, seed, batching, modalityDropout } = settings;
  const imageTokens = (config.image.imageSize / config.image.patchSize) ** 2 + 1;
  const model = retrievalModel(config, seededRandom(seed).fork('model'));
  made.push(...parameters(model));
  const { weightsFrom, encodersFrom = weightsFrom } = sources;
  const isWhole = weightsFrom !== undefined && !(await startsFromEncoders(weightsFrom, config.architecture));
  // What a start does not have is drawn as without one.
  if (!isWhole && settings.initialization === 'fanIn') drawFanIn(model, seededRandom(seed).fork('fan-in'));
  if (isWhole) await loadWeights(model, join(weightsFrom, modelFiles.weights));
  else if (encodersFrom !== undefined) await loadEncoders(model, encodersFrom);
  const { freeze, learningRateFactors, clipNorm, averageDecay } = settings;
  const names = [...trainableParameters(model, terms).keys()];
  const { frozen, factors } = parameterGroups(names, freeze, learningRateFactors);
  const features = sources.features !== undefined && isEncoded(names, frozen) ? sources.features : undefined;
  const augment = features === undefined ? presetAugmentation(settings) : withoutAugmentation(settings);
  const negatives = sources.hardNegatives?.negatives;
  const gathered = { batchSize, seed, augment, batching, modalityDropout, negatives };
  const pairs = { pairs: sources.train, loader, imageTokens, ...gathered };
  const state = trainState(model, terms, optimizer, weighting, { frozen, average: averageDecay !== false });
  made.push(...namedState(state).values());
  const stages = trainStages({
    model,
    terms,
    weighting,
    scope,
    optimizer,
    state,
    recompute: settings.recompute,
    learningRates: [...factors.values()],
    clipNorm: clipNorm || undefined,
    averageDecay: averageDecay === false ? undefined : averageDecay,
  });
  if (settings.microBatch < batchSize) made.push(...stages.accumulators.flat());
  const cache = features === undefined ? undefined : featureCache({ model, loader, folder: features });
  const batches: PairBatches<HostBatch> = cache ? loadedPairs<HostBatch>(pairs, cache.load) : pairBatches(pairs);
  const totalSteps = settings.steps ?? settings.epochs * batches.stepsPerEpoch;
  const warmupSteps = Math.min(settings.warmupSteps, totalSteps);
  return {
    settings,
    config,
    tokenizer: tokenizerJson,
    loader,
    model,
    terms,
    state,
    stages,
    batches,
    features: cache,
    totalSteps,
    schedule: warmupCosine({ peak: settings.learningRate, warmupSteps, totalSteps }),
    fingerprint: canonicalJson({
      settings: bindingSettings(sources),
      vocabulary: tokenizer.vocabularySize,
      train: pairsDigest(sources.train),
      validation: pairsDigest(sources.validation),
      terms: terms.map(({ name }) => name),
      ...(cache ? { features: true } : {}),
      ...(sources.hardNegatives ? { hardNegatives: sources.hardNegatives.sha256 } : {}),
    }),
  };
}

/** Whether all parameters of both encoders stay as they are, so that what they give an item is always the same. */
function isEncoded(names: readonly string[], frozen: ReadonlySet<string>): boolean {
  return names.filter((name) => /^(image|text)_encoder\./.test(name)).every((name) => frozen.has(name));
}

/** Features are those of pictures as they are. What a preset would do to pictures is left out; what was asked for is not. */
function withoutAugmentation({ augmentation }: TrainSettings): false {
  if (augmentation === false || Object.keys(augmentation).length === 0) return false;
  throw new UniecsError({
    code: 'argument',
    where: 'train',
    expected: 'no augmentation with frozen encoders, whose features of each picture are kept',
    got: `augmentation: ${JSON.stringify(augmentation)}`,
    hint: 'leave it out, or encode at every step (--feature-cache off; `features` of train left out)',
  });
}

/** What of the settings a resumed run must have as it was. */
function bindingSettings({ settings, knownSettings }: RunSources): Partial<TrainSettings> {
  const binds = (name: string) => !unbindingSettings.has(name) && (knownSettings?.has(name) ?? true);
  return Object.fromEntries(Object.entries(settings).filter(([name]) => binds(name)));
}

/** The given source of images, which must be of the model's form, or a new one. */
function imagesOf({ images, settings }: RunSources, form: ImageForm): ImageSource {
  const { dataWorkers = defaultDataWorkers() } = settings;
  if (!images) return imageSource({ ...form, workers: dataWorkers });
  if (isOfForm(images, form)) return images;
  const shown = ({ size, fit, filter }: ImageForm) => `${size} (${fit}, filter ${filter ?? 'of sharp'})`;
  throw new UniecsError({
    code: 'argument',
    where: 'train',
    expected: `images of the model's size, ${shown(form)}`,
    got: `a source of images of ${shown(images)}`,
    hint: 'make the source with imageForm(config), or leave it out',
  });
}

/** The terms that are not dropped. They go by their names in metrics, checkpoints and settings. */
function chosenTerms(terms: readonly LossTerm[], { weighting, drop }: TrainSettings): LossTerm[] {
  const names = terms.map(({ name }) => name);
  const repeated = names.find((name, i) => names.indexOf(name) !== i);
  const unknown = Object.keys(weighting.weights ?? {}).find((name) => !names.includes(name));
  if (repeated === undefined && unknown === undefined) return dropTerms(terms, drop);
  throw new UniecsError({
    code: 'argument',
    where: 'train',
    expected: repeated === undefined ? `weights of the terms ${names.join(', ')}` : 'loss terms of different names',
    got: repeated === undefined ? `one of '${unknown}'` : `two called '${repeated}'`,
    hint: repeated === undefined ? 'correct the name' : 'rename yours',
  });
}

function* titlesOf(pairs: readonly Pair[]): Generator<string> {
  for (const { item1, item2 } of pairs) {
    if (item1.title !== undefined) yield item1.title;
    if (item2.title !== undefined) yield item2.title;
  }
}

/** How many numbers the model and the terms have, frozen ones included. */
export function parameterCount({ state }: Pick<AssembledRun, 'state'>): number {
  return [...state.parameters.values()].reduce((sum, { size }) => sum + size, 0);
}
