import { join } from 'node:path';
import { UniecsError } from '@uniecs/tensor';
import type { CellOnDisk } from '../ablation/ablation-report.js';
import { weightsDigest } from '../files/weights-digest.js';
import type { ConfigOf } from '../training/assemble-run.js';
import { chosenArm } from './choose-arm.js';
import type { Method } from './methods.js';
import type { GivenModel, ReproduceOptions } from './reproduce-options.js';
import type { UsedModel } from './reproduction-manifest.js';
import { type TrainedArms, trainArms } from './train-arms.js';

/** A model that is at hand. */
export interface ReadyModel extends UsedModel {
  /** Its folder, from here. */
  readonly path: string;
}

/** The models of some methods, in their order, then others that were given. */
export interface ReadyModels {
  readonly models: readonly ReadyModel[];
  /** Of those that are trained here. */
  readonly trained?: TrainedArms;
}

/** The methods that no folder is given of. */
export function methodsToTrain(methods: readonly Method[], given: readonly GivenModel[] = []): Method[] {
  return methods.filter(({ name }) => given.every((model) => model.name !== name));
}

/**
 * The models of methods: folders that are given, and for the others what is trained in `out`, of each method the better way on validation.
 *
 * @param only how many seeds of each are wanted; default all
 * @throws UniecsError `argument` where nothing says what to train with, `numeric` where a training failed, `unavailable` where another
 *   process is at one, `interrupted`; and as `ablate`
 */
export async function readyModels(
  options: ReproduceOptions,
  methods: readonly Method[],
  configOf: ConfigOf,
  only = Number.POSITIVE_INFINITY,
): Promise<ReadyModels> {
  const { out, given = [] } = options;
  const toTrain = methodsToTrain(methods, given);
  const arms = toTrain.flatMap((method) => method.arms);
  const trained = arms.length === 0 ? undefined : await trainArms(options, arms, configOf, only);
  if (trained) requireAll(trained);
  const models: ReadyModel[] = [];
  for (const name of new Set([...methods, ...given].map((one) => one.name))) {
    for (const model of await givenModels(given, name, only)) models.push(model);
    const method = toTrain.find((one) => one.name === name);
    if (method && trained) models.push(...(await trainedModels(out, method, trained)));
  }
  return { models, ...(trained ? { trained } : {}) };
}

/** The folders that are given of a name. */
export async function givenModels(
  given: readonly GivenModel[],
  name: string,
  only = Number.POSITIVE_INFINITY,
): Promise<ReadyModel[]> {
  const folders = given.filter((model) => model.name === name).slice(0, only);
  return Promise.all(
    folders.map(async ({ folder }) => ({
      name,
      folder,
      path: folder,
      weights: await weightsDigest(folder, 'reproduce'),
    })),
  );
}

/** The finished cells of the arm that stands for a method. */
export async function trainedModels(
  out: string,
  method: Method,
  { cells, known }: Pick<TrainedArms, 'cells' | 'known'>,
): Promise<ReadyModel[]> {
  const arm = chosenArm(method, known);
  if (arm === undefined) return [];
  const done = cells.filter((cell) => cell.arm === arm && cell.status === 'finished');
  return Promise.all(
    done.map(async ({ seed, folder }) => {
      const path = join(out, folder);
      return { name: method.name, arm, seed, folder, path, weights: await weightsDigest(path, 'reproduce') };
    }),
  );
}

/** Whether every cell has a result. */
function requireAll({ cells, outcome }: TrainedArms): void {
  const open = cells.filter(({ status }) => status !== 'finished');
  const [first] = open;
  if (first === undefined) return;
  const done = `${cells.length - open.length} of ${cells.length}`;
  const failed = open.find((cell): cell is Extract<CellOnDisk, { status: 'failed' }> => cell.status === 'failed');
  const fields = { where: 'reproduce', expected: 'all models to be trained', details: { done } };
  if (outcome.interrupted) {
    const hint = 'the same command goes on from there';
    throw new UniecsError({ ...fields, code: 'interrupted', got: `the signal to stop with ${done} done`, hint });
  }
  if (failed) {
    const got = `${failed.arm}, seed ${failed.seed}: ${failed.reason}`;
    const hint = 'give a folder in its place with --model NAME=DIR, or train with other settings';
    throw new UniecsError({ ...fields, code: 'numeric', got, hint });
  }
  const got = `${first.folder} in the hands of another process`;
  throw new UniecsError({ ...fields, code: 'unavailable', got, hint: 'run it again when that is done' });
}
