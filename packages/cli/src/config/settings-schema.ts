import { retrievalTasks } from '@uniecs/losses';
import type { GivenSettings } from '@uniecs/retrieval';
import { z } from 'zod';

type Given<Name extends keyof GivenSettings> = NonNullable<GivenSettings[Name]>;
type Losses = Given<'losses'>;
type Options<Term extends keyof Losses> = NonNullable<Losses[Term]>;

/** A schema for every property of T, none more and none less. */
type SchemaOf<T> = { readonly [Key in keyof Required<T>]: z.ZodType<Exclude<T[Key], undefined>> };

/** An object whose keys are those of T, each of which may be left out; any other key is a problem. */
function options<T extends object>(shape: SchemaOf<T>): z.ZodType<T> {
  // YAML has no undefined: a key is there with a value, or it is not there.
  return z.strictObject(shape).partial() as unknown as z.ZodType<T>;
}

const name = <const Names extends readonly string[]>(...names: Names) => z.enum(names);
const flag = z.boolean();
const above0 = z.number().positive();
const from0 = z.number().nonnegative();
const share = z.number().min(0).max(1);
const count = z.int().positive();
const countFrom0 = z.int().nonnegative();
const range = z.tuple([above0, above0]);

const temperature = z.union([above0, z.strictObject({ learnedFrom: above0, minimum: z.exactOptional(above0) })], {
  error: 'expected a number above 0, or learnedFrom with one',
});
const hardNegatives = z.union([z.strictObject({ share }), z.strictObject({ count: countFrom0 })], {
  error: 'expected share (0 to 1) or count',
});
const reduction = name('sum', 'mean');
const maskFalseNegatives = flag;

const losses = options<Losses>({
  v2t: options<Options<'v2t'>>({
    temperature,
    pairing: name('within', 'across', 'both'),
    symmetric: flag,
    maskFalseNegatives,
  }),
  pml: options<Options<'pml'>>({
    temperature,
    symmetric: flag,
    kind: name('infoNCE', 'hinge'),
    alpha1: z.number(),
    maskFalseNegatives,
  }),
  pdc: options<Options<'pdc'>>({
    alpha2: z.number(),
    positives: name('pair', 'item'),
    reduction,
    excludeDiagonal: flag,
    maskFalseNegatives,
  }),
  plc: options<Options<'plc'>>({ alpha3: z.number(), k: count, reduction, maskFalseNegatives }),
  v2v: options<Options<'v2v'>>({
    temperature,
    symmetric: flag,
    alpha4: z.number(),
    hardNegatives,
    reduction,
    maskFalseNegatives,
  }),
  t2t: options<Options<'t2t'>>({ temperature, symmetric: flag, maskFalseNegatives }),
  tasks: options<Options<'tasks'>>({
    temperature,
    symmetric: flag,
    maskFalseNegatives,
    tasks: z.array(z.enum(retrievalTasks)),
    imageSideWeight: above0,
  }),
});

const activation = name('gelu', 'quickGelu');
const dropout = z.number().min(0).lt(1);
type Encoders = Given<'encoders'>;
const ofBothEncoders = {
  width: count,
  layers: count,
  heads: count,
  ffnRatio: above0,
  dropout,
  activation,
  epsilon: above0,
};
const encoders = options<Encoders>({
  image: options<NonNullable<Encoders['image']>>({ imageSize: count, patchSize: count, ...ofBothEncoders }),
  text: options<NonNullable<Encoders['text']>>({ maxLength: count, positions: count, ...ofBothEncoders }),
});

const fusion = options<Given<'fusion'>>({
  width: count,
  heads: count,
  crossLayers: countFrom0,
  selfBlocks: countFrom0,
  fusionBlocks: countFrom0,
  blocks: countFrom0,
  ffnRatio: above0,
  dropout,
  norm: name('post', 'pre'),
  indicator: name('own', 'other'),
  gating: flag,
  gateBias: z.number(),
  fusionInput: name('concat', 'tokens'),
  residual: name('none', 'pooled', 'attended'),
});

/** A setting that may also be off. */
const orFalse = <T>(schema: z.ZodType<T>, error: string) => z.union([z.literal(false), schema], { error });

type Stopping = Exclude<Given<'earlyStopping'>, false>;
type Augmentation = Exclude<Given<'augmentation'>, false>;
/** What of the augmentation is a setting: where it writes, and in which size, is not. */
type AugmentationSettings = Omit<Augmentation, 'into' | 'outputSize'>;

const augmentation = options<AugmentationSettings>({
  area: range,
  aspect: range,
  flip: share,
  brightness: from0,
  contrast: from0,
  saturation: from0,
});

/** The file of settings: every setting of a training run by the name it has in `config.json`, all of them optional. */
export const settingsSchema: z.ZodType<GivenSettings> = options<GivenSettings>({
  model: name('uniecs', 'clip-sf', 'clip-ff'),
  size: name('tiny', 'small', 'base'),
  preset: name('paper', 'recommended'),
  seed: countFrom0,
  epochs: count,
  steps: count,
  batchSize: count,
  microBatch: count,
  recompute: flag,
  precision: name('float32', 'float16', 'bfloat16'),
  batching: options<Given<'batching'>>({ tokenBudget: count, uniqueProducts: flag, swap: share }),
  modalityDropout: options<Given<'modalityDropout'>>({ image: share, text: share }),
  learningRate: above0,
  warmupSteps: countFrom0,
  optimizer: options<Given<'optimizer'>>({
    beta1: z.number().min(0).lt(1),
    beta2: z.number().min(0).lt(1),
    epsilon: above0,
    weightDecay: from0,
  }),
  freeze: z.array(z.string()),
  learningRateFactors: z.record(z.string(), above0),
  clipNorm: orFalse(above0, 'expected a number above 0, or false'),
  averageDecay: orFalse(z.number().min(0).lt(1), 'expected a number from 0 to less than 1, or false'),
  earlyStopping: orFalse(options<Stopping>({ patience: count, minDelta: from0 }), 'expected patience, or false'),
  maxSkippedSteps: count,
  drop: z.array(z.string()),
  encoders,
  fusion,
  losses,
  weighting: options<Given<'weighting'>>({
    beta: share,
    sumTo: z.union([above0, z.literal('terms')], { error: 'expected a number above 0, or terms' }),
    floor: z.number().min(0).lt(1),
    weights: z.record(z.string(), from0),
    scope: name('representations', 'parameters'),
  }),
  initialization: name('bert', 'fanIn'),
  augmentation: orFalse(augmentation, 'expected false or options of the augmentation'),
  tokenizer: options<Given<'tokenizer'>>({
    vocabularySize: count,
    minFrequency: count,
    subwords: countFrom0,
    characters: count,
  }),
  validateEvery: count,
  dataWorkers: countFrom0,
  checkpointEvery: countFrom0,
  checkpointMinutes: from0,
  keepLast: count,
  keepBest: flag,
  onSaveError: name('stop', 'continue'),
});
