// Saves whose content says which one it is, and what must be true of a folder of them.
import '@tensorflow/tfjs-backend-cpu';
import { join } from 'node:path';
import { dispose, tensor1d, variable } from '@tensorflow/tfjs-core';
import { clearCheckpoints, loadCheckpoint, verifyCheckpoint, writeCheckpoint } from '@uniecs/retrieval';

/**
 * @typedef {import('@uniecs/tensor/node').FileSystem} FileSystem
 * @typedef {{ step: number, best?: number, keepLast?: number }} Save
 * @typedef {{ folder: string, fileSystem: FileSystem }} Place
 */

/** Every kind of save there is: the first, one more, a step again, with a best one kept, and behind one that was gone back from. */
export const SAVES = /** @type {readonly Save[]} */ ([
  { step: 1 },
  { step: 2, best: 2 },
  { step: 3, best: 2 },
  { step: 3, best: 2 },
  { step: 6, best: 2 },
  { step: 5, best: 5 },
]);

const FINGERPRINT = '{"sample":true}';

/**
 * The arrays after a save: a function of its number.
 * @param {number} number
 * @param {number} length
 */
function arrays(number, length) {
  const weight = new Float32Array(length);
  for (let i = 0; i < length; i++) weight[i] = Math.imul(i + 7919 * (number + 1), 2654435761) / 2 ** 31;
  return { weight, step: Float32Array.of(number) };
}

/**
 * @param {Place} place
 * @param {Save & { number: number, length?: number, keepBest?: boolean }} save
 */
export async function save({ folder, fileSystem }, { number, step, best, length = 97, keepLast = 2 }) {
  const { weight, step: count } = arrays(number, length);
  const made = new Map([
    ['weight', variable(tensor1d(weight))],
    ['step', variable(tensor1d(count))],
  ]);
  try {
    const info = { step, number, fingerprint: FINGERPRINT, ...(best ? { best: { value: 1, step: best } } : {}) };
    const read = (/** @type {import('@tensorflow/tfjs-core').Variable} */ x) => ({
      data: /** @type {Float32Array} */ (x.dataSync()),
    });
    return await writeCheckpoint(folder, made, read, info, { keepLast, fileSystem });
  } finally {
    dispose([...made.values()]);
  }
}

/**
 * Loads the newest checkpoint, as a run that goes on does.
 * @param {Place} place
 * @param {number} [length]
 * @returns {Promise<{ number: number, step: number, skipped: number, torn: boolean }>} the save that was loaded, and whether its
 *   arrays are another's
 */
export async function resume({ folder, fileSystem }, length = 97) {
  const into = new Map([
    ['weight', variable(tensor1d(new Float32Array(length)))],
    ['step', variable(tensor1d([0]))],
  ]);
  try {
    const loaded = await loadCheckpoint(folder, into, FINGERPRINT, { fileSystem });
    await clearCheckpoints(folder, loaded, { fileSystem });
    const number = Number(loaded.info.number);
    const expected = arrays(number, length);
    const torn = /** @type {const} */ (['weight', 'step']).some(
      (name) =>
        Buffer.compare(bytesOf(expected[name]), bytesOf(/** @type {Float32Array} */ (into.get(name)?.dataSync()))) !==
        0,
    );
    return { number, step: loaded.info.step, skipped: loaded.skipped.length, torn };
  } finally {
    dispose([...into.values()]);
  }
}

/** @param {Float32Array} array */
const bytesOf = (array) => Buffer.from(array.buffer, array.byteOffset, array.byteLength);

/**
 * What is wrong with a folder as it stands: a checkpoint's name on something torn, `latest` naming nothing whole.
 * @param {Place} place
 * @returns {Promise<string[]>}
 */
export async function flaws({ folder, fileSystem }) {
  const names = await fileSystem.readdir(folder).catch(() => /** @type {string[]} */ ([]));
  /** @type {string[]} */
  const found = [];
  for (const name of names.filter((name) => /^step-[\d-]+$/.test(name))) {
    const { flaw } = await verifyCheckpoint(join(folder, name), fileSystem);
    if (flaw !== undefined) found.push(`${name} is there and torn: ${flaw}`);
  }
  if (names.includes('latest')) {
    const named = (await textOf(join(folder, 'latest'), fileSystem)).trim();
    if (!names.includes(named)) found.push(`latest names '${named}', which is not there`);
  }
  return found;
}

/**
 * The checkpoints of a step that are there.
 * @param {Place} place
 * @param {number} step
 */
export async function hasStep({ folder, fileSystem }, step) {
  const name = `step-${String(step).padStart(8, '0')}`;
  return (await fileSystem.readdir(folder)).some((other) => other === name || other.startsWith(`${name}-`));
}

/**
 * @param {Place} place
 * @returns {Promise<string[]>} names of what is unfinished
 */
export async function unfinished({ folder, fileSystem }) {
  return (await fileSystem.readdir(folder)).filter((name) => name.endsWith('.tmp'));
}

/**
 * @param {string} path
 * @param {FileSystem} fileSystem
 */
async function textOf(path, fileSystem) {
  const file = await fileSystem.open(path, 'r');
  const { size } = await file.stat();
  const bytes = Buffer.alloc(size);
  await file.read(bytes, 0, size, 0);
  await file.close();
  return bytes.toString('utf8');
}
