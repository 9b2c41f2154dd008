import { UniecsError } from '@uniecs/tensor';
import { type GivenSettings, type TrainSettings, trainSettings } from '../training/train-settings.js';
import type { ProductReads, Stage } from './two-tower-config.js';

/** Settings of `train` that the recipe has, too. */
const shared = [
  'size',
  'preset',
  'epochs',
  'steps',
  'batchSize',
  'learningRate',
  'warmupSteps',
  'optimizer',
  'clipNorm',
  'maxSkippedSteps',
  'augmentation',
  'initialization',
  'tokenizer',
  'dataWorkers',
  'checkpointMinutes',
] as const;

/**
 * What all runs of the recipe share. The names of `TrainSettings` mean the same here, an epoch being every query once with `perQuery` of its
 * relevant products; `epochs` and `steps` are those of both stages together, warm-up and cosine are of each stage.
 */
export interface TwoTowerSettings extends Pick<TrainSettings, (typeof shared)[number]> {
  /** Share of the steps that stage 1 has, above 0 and below 1; a run without stage 1 has them all in stage 2. */
  readonly alignmentShare: number;
  /** Relevant products that a query comes with in an epoch, at most. */
  readonly perQuery: number;
}

/** Settings as given: everything may be left out. */
export type GivenTwoTowerSettings = { readonly [Name in keyof TwoTowerSettings]?: TwoTowerSettings[Name] | undefined };

/** One of the systems that the recipe compares. */
export interface TwoTowerArm {
  /** As it stands in tables. */
  readonly name: string;
  /** Whether the encoders of both towers are trained on the shop's data, or stay as they start. */
  readonly encoders: 'trained' | 'frozen';
  /** Whether stage 1 comes before stage 2. */
  readonly alignment: boolean;
  readonly reads: ProductReads;
}

/**
 * The arms that the recipe compares: the whole of it, without stage 1, with frozen encoders, without both, and with a product tower that
 * reads the title alone.
 */
export const twoTowerArms: readonly TwoTowerArm[] = [
  { name: 'full', encoders: 'trained', alignment: true, reads: 'image and text' },
  { name: 'without alignment', encoders: 'trained', alignment: false, reads: 'image and text' },
  { name: 'frozen', encoders: 'frozen', alignment: true, reads: 'image and text' },
  { name: 'frozen without alignment', encoders: 'frozen', alignment: false, reads: 'image and text' },
  { name: 'text only', encoders: 'trained', alignment: true, reads: 'text' },
];

/**
 * Fills in the defaults: size tiny, preset `recommended`, ten epochs, half of the steps in stage 1, four products a query, the size's
 * training defaults (`sizeDefaults`), and weights drawn as BERT's with either preset: with small weights a word passes through the blocks
 * nearly as it is, and queries that say words of titles find them many steps sooner than with `fanIn`.
 *
 * @throws UniecsError `argument` for a number out of range, an unknown size or preset
 */
export function twoTowerSettings({
  alignmentShare = 0.5,
  perQuery = 4,
  initialization = 'bert',
  ...given
}: GivenTwoTowerSettings = {}): TwoTowerSettings {
  const filled = trainSettings({ ...given, initialization } as GivenSettings);
  const known = Object.fromEntries(
    shared.flatMap((name) => (filled[name] === undefined ? [] : [[name, filled[name]]])),
  );
  if (!(alignmentShare > 0 && alignmentShare < 1)) {
    throw outOfRange('alignmentShare to be above 0 and below 1', alignmentShare);
  }
  if (!Number.isSafeInteger(perQuery) || perQuery < 1)
    throw outOfRange('perQuery to be a whole number from 1', perQuery);
  return { ...(known as Pick<TrainSettings, (typeof shared)[number]>), alignmentShare, perQuery };
}

/** The stages of an arm with the steps of each; together the same for all arms. */
export function stagesOf(
  { steps, epochs, alignmentShare }: Pick<TwoTowerSettings, 'steps' | 'epochs' | 'alignmentShare'>,
  { alignment }: Pick<TwoTowerArm, 'alignment'>,
  stepsPerEpoch: number,
): { readonly stage: Stage; readonly steps: number }[] {
  const total = steps ?? epochs * stepsPerEpoch;
  if (!alignment) return [{ stage: 'fusion', steps: total }];
  const first = Math.min(total - 1, Math.max(1, Math.round(alignmentShare * total)));
  if (first < 1) throw outOfRange('at least two steps, one for each stage', total);
  return [
    { stage: 'alignment', steps: first },
    { stage: 'fusion', steps: total - first },
  ];
}

function outOfRange(expected: string, got: number): UniecsError {
  return new UniecsError({
    code: 'argument',
    where: 'twoTowerSettings',
    expected,
    got: `${got}`,
    hint: 'correct the setting',
  });
}
