import { appendFile, mkdir, readdir, readFile, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { adaptiveWeighting } from '@uniecs/adaptive-weighting';
import { imageCache, loadTokenizer, trainTokenizer } from '@uniecs/encoders/node';
import { clampedCounts, dropTerms, type LossTerm } from '@uniecs/losses';
import type { Pair } from '@uniecs/mbeer';
import { seededRandom, UniecsError } from '@uniecs/tensor';
import { anyPartial, type ItemLoader } from '../data/item-batch.js';
import { pairBatches } from '../data/pair-batches.js';
import { embedder } from '../embedding/embedder.js';
import { evaluatePairs } from '../embedding/model-embedder.js';
import { type CheckpointInfo, listCheckpoints, loadCheckpoint, writeCheckpoint } from '../files/checkpoints.js';
import { writeManifest } from '../files/manifest.js';
import { writeModelCard } from '../files/model-card.js';
import { loadWeights, modelFiles, writeModelConfig, writeWeights } from '../files/model-folder.js';
import { modelConfig } from '../model/model-config.js';
import { uniecsModel } from '../model/uniecs-model.js';
import { adamW } from './adamw.js';
import { checkFinite } from './check-finite.js';
import { warmupCosine } from './learning-rate.js';
import { stepRunner } from './step-runner.js';
import type { StepEvent, TrainEvent, TrainSummary } from './train-events.js';
import {
  type GivenSettings,
  presetLosses,
  presetWeighting,
  type TrainSettings,
  trainSettings,
} from './train-settings.js';
import { namedState, trainState } from './train-state.js';
import { trainStages } from './train-step.js';

/** What a run needs. */
export interface TrainOptions {
  readonly settings?: GivenSettings;
  readonly train: readonly Pair[];
  readonly validation: readonly Pair[];
  /** The model folder that the run writes. */
  readonly out: string;
  /** Goes on with the newest checkpoint in `out`. */
  readonly resume?: boolean;
  /** Loss terms of your own, beside the preset's. */
  readonly terms?: readonly LossTerm[];
  /** A model folder whose weights the run starts from. */
  readonly init?: string;
  /** Stops after the step at work, with a checkpoint. */
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: TrainEvent) => void;
}

/** Decoded images that a run may keep in memory; beyond them images are decoded anew. */
const cachedImageBytes = 1.5 * 2 ** 30;

/**
 * Trains UniECS on product pairs: shuffled batches with augmentation, the loss terms differentiated one by one at the
 * representations, adaptive weights, AdamW with warm-up and cosine; validation on the nine tasks, the best weights kept.
 *
 * `out` becomes a model folder (weights of the best validation, config, tokenizer, model card) with `metrics.jsonl` (a line a step and a
 * validation), `manifest.json` and `checkpoints/`. The same seed, data and settings give the same losses to the bit on the
 * same machine.
 *
 * @throws UniecsError `file` when `out` already holds a run and `resume` is not set, `data` for a checkpoint of other settings,
 *   `numeric` when a loss or gradient is NaN or infinite (naming term and step; the last checkpoint stays), `argument` for
 *   settings out of range
 */
export async function train(options: TrainOptions): Promise<TrainSummary> {
  const { out, signal, onEvent = () => {} } = options;
  const settings = trainSettings(options.settings);
  checkPairs(options.train, options.validation, settings);
  await checkOut(out, options.resume ?? false);

  const tokenizerJson = options.resume
    ? JSON.parse(await readFile(join(out, modelFiles.tokenizer), 'utf8'))
    : trainTokenizer(titlesOf(options.train), settings.tokenizer);
  const tokenizer = loadTokenizer(tokenizerJson);
  const config = modelConfig(settings.size, settings.preset, tokenizer.vocabularySize, settings.fusion);
  const random = seededRandom(settings.seed);
  const model = uniecsModel(config, random.fork('model'));
  if (options.init) await loadWeights(model, join(options.init, modelFiles.weights));
  const terms = dropTerms([...presetLosses(settings), ...(options.terms ?? [])], settings.drop);
  const { scope, weights, ...weightingOptions } = presetWeighting(settings);
  const initial = terms.map(({ name }) => weights[name] ?? 1);
  const weighting = adaptiveWeighting({ terms: terms.length, initial, ...weightingOptions });
  const optimizer = adamW(settings.optimizer);
  const trained = trainState(model, terms, optimizer, weighting);
  const variables = namedState(trained);

  const images = imageCache({ size: config.image.imageSize, maxBytes: cachedImageBytes });
  const loader: ItemLoader = { tokenizer, images, imageSize: config.image.imageSize, maxLength: config.text.maxLength };
  const batches = pairBatches({
    pairs: options.train,
    loader,
    batchSize: settings.batchSize,
    seed: settings.seed,
    augment: settings.augmentation,
  });
  const totalSteps = settings.steps ?? settings.epochs * batches.stepsPerEpoch;
  const schedule = warmupCosine({
    peak: settings.learningRate,
    warmupSteps: Math.min(settings.warmupSteps, totalSteps),
    totalSteps,
  });
  const fingerprint = JSON.stringify({
    settings,
    vocabulary: tokenizer.vocabularySize,
    pairs: options.train.length,
    terms: terms.map(({ name }) => name),
  });

  let info: CheckpointInfo = { step: 0, fingerprint };
  const folder = join(out, 'checkpoints');
  if (options.resume) info = await loadCheckpoint(folder, variables, fingerprint);
  else await writeModelConfig(out, { version: 1, model: config, training: settings }, tokenizerJson);
  const metrics = join(out, 'metrics.jsonl');
  await cutMetrics(metrics, info.step);
  const startedAt = new Date();
  await writeManifest(out, {
    settings,
    terms: terms.map(({ name }) => name),
    pairs: options.train,
    validation: options.validation,
    startedAt,
  });

  const stages = trainStages({ model, terms, weighting, scope, optimizer, state: trained });
  const runner = stepRunner(stages, trained, settings.batchSize, settings.microBatch);
  const validator = embedder({ model, loader, state: runner.state });
  const log = async (line: object) => appendFile(metrics, `${JSON.stringify(line)}\n`);
  const drops = config.fusion.dropout > 0 || (config.text.dropout ?? 0) > 0 || (config.image.dropout ?? 0) > 0;

  const parameters = [...trained.parameters.values()].reduce((sum, { size }) => sum + size, 0);
  onEvent({
    type: 'start',
    parameters,
    pairs: options.train.length,
    totalSteps,
    stepsPerEpoch: batches.stepsPerEpoch,
    ...(options.resume ? { resumedFrom: info.step } : {}),
  });
  for (const { term, option, requested, effective } of clampedCounts(terms, batches.lastCount)) {
    onEvent({
      type: 'note',
      text: `${term}: ${option} ${requested} is clamped to ${effective} in a batch of ${batches.lastCount} pairs`,
    });
  }
  if (anyPartial(options.train.flatMap(({ item1, item2 }) => [item1, item2]))) {
    onEvent({
      type: 'note',
      text: 'some items lack an image or a title: each loss term averages over the pairs that have what it needs',
    });
  }

  const begin = performance.now();
  let seen = 0;
  const checkpoint = async () => {
    const path = await writeCheckpoint(folder, variables, runner.state.read, info);
    onEvent({ type: 'checkpoint', step: info.step, path });
  };
  const validate = async (epoch: number) => {
    const start = performance.now();
    const report = await evaluatePairs(validator, options.validation, { signal });
    const value = report.mean['R@10'] ?? 0;
    const isBest = info.best === undefined || value > info.best.value;
    if (isBest) {
      info = { ...info, best: { value, step: info.step } };
      await writeWeights(join(out, modelFiles.weights), model, runner.state.read);
      await writeModelCard(out, {
        config,
        settings,
        terms,
        parameters,
        report,
        pairs: options.train.length,
        step: info.step,
      });
    }
    const seconds = (performance.now() - start) / 1000;
    const event = { type: 'validation', step: info.step, epoch, report, isBest, seconds } as const;
    await log(event);
    onEvent(event);
  };

  try {
    let pending = info.step < totalSteps ? batches.batch(info.step) : undefined;
    let last = performance.now();
    while (info.step < totalSteps && !signal?.aborted) {
      const waitStart = performance.now();
      const batch = await (pending as NonNullable<typeof pending>);
      const waited = performance.now() - waitStart;
      const step = info.step;
      pending = step + 1 < totalSteps ? batches.batch(step + 1) : undefined;
      pending?.catch(() => {});
      const learningRate = schedule(step);
      const key = drops ? dropoutKey(settings.seed, step) : undefined;
      const numbers = await runner.run(batch, learningRate, key);
      checkFinite(numbers, terms, step + 1);
      info = { ...info, step: step + 1 };
      seen += batch.count;
      await nextTurn();
      const now = performance.now();
      const named = (values: ArrayLike<number>) =>
        Object.fromEntries(terms.map(({ name }, i) => [name, values[i] as number]));
      const masked = Object.entries(named(numbers.maskedNegatives)).filter(([, count]) => count > 0);
      const event: StepEvent = {
        type: 'step',
        step: step + 1,
        epoch: Math.floor(step / batches.stepsPerEpoch) + 1,
        totalSteps,
        loss: numbers.loss,
        terms: named(numbers.terms),
        lambdas: named(numbers.lambdas),
        gradNorms: named(numbers.gradientNorms),
        ...(masked.length > 0 ? { maskedNegatives: Object.fromEntries(masked) } : {}),
        entropy: entropyOf(numbers.lambdas),
        learningRate,
        pairsPerSecond: (batch.count * 1000) / (now - last),
        dataWait: waited / (now - last),
        secondsLeft: (((now - begin) / seen) * (totalSteps - step - 1) * settings.batchSize) / 1000,
      };
      last = now;
      await log(event);
      onEvent(event);
      const epochEnds = info.step % batches.stepsPerEpoch === 0;
      const epoch = info.step / batches.stepsPerEpoch;
      const validates = (epochEnds && epoch % settings.validateEvery === 0) || info.step === totalSteps;
      if (validates && !signal?.aborted) await validate(Math.ceil(epoch));
      const regular = settings.checkpointEvery > 0 && info.step % settings.checkpointEvery === 0;
      if (validates || regular) await checkpoint();
      if (validates) last = performance.now();
    }
    const interrupted = signal?.aborted ?? false;
    if (interrupted && !(await listCheckpoints(folder)).includes(info.step)) await checkpoint();
    const seconds = (performance.now() - begin) / 1000;
    return {
      steps: info.step,
      seconds,
      ...(info.best ? { best: info.best } : {}),
      interrupted,
      pairsPerSecond: seen / seconds,
    };
  } finally {
    await runner.dispose();
    await validator.dispose();
  }
}

function* titlesOf(pairs: readonly Pair[]): Generator<string> {
  for (const { item1, item2 } of pairs) {
    if (item1.title !== undefined) yield item1.title;
    if (item2.title !== undefined) yield item2.title;
  }
}

/** A dropout key of a step: two whole numbers in the range that `counterUniform` takes. */
function dropoutKey(seed: number, step: number): Float32Array {
  const random = seededRandom(seed).fork('dropout').fork(step);
  return Float32Array.of(random.integer(1_000_000), random.integer(1_000_000));
}

function entropyOf(weights: Float32Array): number {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.reduce((sum, weight) => (weight > 0 ? sum - (weight / total) * Math.log(weight / total) : sum), 0);
}

function checkPairs(train: readonly Pair[], validation: readonly Pair[], { batchSize }: TrainSettings): void {
  const fault = (expected: string, got: string, hint: string) =>
    new UniecsError({ code: 'data', where: 'train', expected, got, hint });
  if (train.length === 0) throw fault('training pairs', 'none', 'pass a pair file with good lines');
  if (validation.length === 0) throw fault('validation pairs', 'none', 'pass a pair file with good lines');
  if (train.length < Math.min(batchSize, 2)) {
    throw fault(
      'at least two training pairs, since the others are the negatives',
      `${train.length}`,
      'pass more pairs',
    );
  }
}

/** A run never writes over another one. */
async function checkOut(out: string, resume: boolean): Promise<void> {
  await mkdir(out, { recursive: true });
  const present = await readdir(out);
  const held = (await listCheckpoints(join(out, 'checkpoints'))).length > 0;
  if (resume && !held) {
    throw new UniecsError({
      code: 'file',
      where: 'train',
      expected: `a checkpoint to resume from in ${out}`,
      got: 'none',
      hint: 'leave --resume out to start a run there, or name the folder of an interrupted one',
      details: { out },
    });
  }
  if (!resume && present.length > 0) {
    throw new UniecsError({
      code: 'file',
      where: 'train',
      expected: `${out} to be new or empty`,
      got: `a folder that holds ${present.slice(0, 3).join(', ')}`,
      hint: held ? 'pass --resume to go on with that run, or choose another --out' : 'choose another --out',
      details: { out },
    });
  }
}

/** Drops the lines that a resumed run will write again. */
async function cutMetrics(path: string, step: number): Promise<void> {
  const text = await readFile(path, 'utf8').catch(() => '');
  let length = 0;
  for (const line of text.split('\n')) {
    if (line === '' || (parsedStep(line) ?? Number.POSITIVE_INFINITY) > step) break;
    length += Buffer.byteLength(line) + 1;
  }
  if (text !== '') await truncate(path, length);
}

function parsedStep(line: string): number | undefined {
  try {
    return (JSON.parse(line) as { step?: number }).step;
  } catch {
    return undefined;
  }
}

/** Lets timers and signal handlers run: a step blocks the event loop. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
