import { join } from 'node:path';
import { dispose, type Variable } from '@tensorflow/tfjs-core';
import { adaptiveWeighting } from '@uniecs/adaptive-weighting';
import { imageCache, loadTokenizer, trainTokenizer } from '@uniecs/encoders/node';
import { dropTerms, type LossTerm } from '@uniecs/losses';
import type { Pair } from '@uniecs/mbeer';
import { parameters, seededRandom, UniecsError } from '@uniecs/tensor';
import type { ItemLoader } from '../data/item-batch.js';
import { type PairBatches, pairBatches } from '../data/pair-batches.js';
import { pairsDigest } from '../data/pairs-digest.js';
import { loadWeights, modelFiles, readTokenizer } from '../files/model-folder.js';
import type { ModelConfig } from '../model/model-config.js';
import { type UniecsModel, uniecsModel } from '../model/uniecs-model.js';
import { adamW } from './adamw.js';
import { type Schedule, warmupCosine } from './learning-rate.js';
import { presetLosses, presetWeighting, type TrainSettings } from './train-settings.js';
import { namedState, type TrainState, trainState } from './train-state.js';
import { type TrainStages, trainStages } from './train-step.js';

/** The model that settings and a tokenizer's vocabulary ask for. */
export type ConfigOf = (settings: TrainSettings, vocabularySize: number) => ModelConfig;

/** What a run is assembled from. */
export interface RunSources {
  readonly settings: TrainSettings;
  readonly configOf: ConfigOf;
  readonly train: readonly Pair[];
  readonly validation: readonly Pair[];
  /** Loss terms beside the preset's. */
  readonly terms: readonly LossTerm[];
  /** The model folder whose tokenizer the run keeps: its own when it goes on, or the one that it starts from. */
  readonly tokenizerFrom?: string | undefined;
  /** The model folder whose weights the run starts from. */
  readonly weightsFrom?: string | undefined;
}

/** A run before its first step. */
export interface AssembledRun {
  readonly settings: TrainSettings;
  readonly config: ModelConfig;
  readonly tokenizer: object;
  readonly loader: ItemLoader;
  readonly model: UniecsModel;
  readonly terms: readonly LossTerm[];
  readonly state: TrainState;
  readonly stages: TrainStages;
  readonly batches: PairBatches;
  readonly totalSteps: number;
  readonly schedule: Schedule;
  /** What a checkpoint must share for this run to go on from it. */
  readonly fingerprint: string;
  /** Frees all variables but those of the given terms. */
  dispose(): void;
}

/** Decoded images that a run may keep in memory; beyond them images are decoded anew. */
const cachedImageBytes = 1.5 * 2 ** 30;

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
    return { ...(await assembled(sources, made)), dispose: disposeMade };
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
  const config = sources.configOf(settings, tokenizer.vocabularySize);
  const { imageSize } = config.image;
  const images = imageCache({ size: imageSize, maxBytes: cachedImageBytes });
  const loader: ItemLoader = { tokenizer, images, imageSize, maxLength: config.text.maxLength };
  const { batchSize, seed, augmentation: augment } = settings;
  const batches = pairBatches({ pairs: sources.train, loader, batchSize, seed, augment });
  const totalSteps = settings.steps ?? settings.epochs * batches.stepsPerEpoch;
  const warmupSteps = Math.min(settings.warmupSteps, totalSteps);

  const model = uniecsModel(config, seededRandom(seed).fork('model'));
  made.push(...parameters(model));
  if (sources.weightsFrom) await loadWeights(model, join(sources.weightsFrom, modelFiles.weights));
  const state = trainState(model, terms, optimizer, weighting);
  made.push(...namedState(state).values());
  const stages = trainStages({ model, terms, weighting, scope, optimizer, state });
  if (settings.microBatch < batchSize) made.push(...stages.accumulators.flat());
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
    totalSteps,
    schedule: warmupCosine({ peak: settings.learningRate, warmupSteps, totalSteps }),
    fingerprint: JSON.stringify({
      settings,
      vocabulary: tokenizer.vocabularySize,
      train: pairsDigest(sources.train),
      validation: pairsDigest(sources.validation),
      terms: terms.map(({ name }) => name),
    }),
  };
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
