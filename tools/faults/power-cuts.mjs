import { watched } from './altered-file-systems.mjs';
import { flaws, hasStep, resume, SAVES, save, unfinished } from './sample-saves.mjs';
import { crashStates, diskOf, fileSystemOf, folder } from './simulated-disk.mjs';

/**
 * @typedef {import('@uniecs/tensor/node').FileSystem} FileSystem
 * @typedef {import('./simulated-disk.mjs').Folder} Folder
 * @typedef {import('./simulated-disk.mjs').Image} Image
 * @typedef {object} CutReport
 * @property {number} calls storage calls before which the power went, over all saves
 * @property {number} states what it may have left on the disk, equal ones counted once a save
 * @property {string[]} violations what a resumed run would have met that it must not
 *
 * @typedef {object} CutOptions
 * @property {number} [keepLast] default 1: nothing older to fall back on
 * @property {(inner: FileSystem) => FileSystem} [saving] a fault put between a save and the disk
 * @property {(inner: FileSystem) => FileSystem} [loading] the same for what is loaded
 * @property {number} [most] violations after which the search ends; default 20
 */

const FOLDER = '/run/checkpoints';

/**
 * Lets the power go before every storage call of every save, and goes through every state that this may leave on the disk. In each,
 * the newest save that ended, or the one at work, must load with its own arrays; nothing torn has a checkpoint's name; `latest` names
 * what is whole; the next save ends well and leaves nothing unfinished.
 * @param {CutOptions} [options]
 * @returns {Promise<CutReport>}
 */
export async function cutPowerEverywhere({ keepLast = 1, saving = same, loading = same, most = 20 } = {}) {
  let disk = folder();
  await fileSystemOf(disk).mkdir('/run', { recursive: true });
  disk = /** @type {Folder} */ (diskOf({ run: {} }));
  let calls = 0;
  let states = 0;
  /** @type {string[]} */
  const violations = [];

  for (const [number, each] of SAVES.entries()) {
    /** @type {Set<string>} */
    const seen = new Set();
    for (let call = 0; ; call++) {
      const cut = structuredClone(disk);
      const ended = await saveUntil(cut, { ...each, number, keepLast }, saving, call);
      calls++;
      for (const image of crashStates(cut)) {
        const key = `${ended} ${signature(image)}`;
        if (seen.has(key)) continue;
        seen.add(key);
        states++;
        const where = `save ${number} (step ${each.step}), ${ended ? 'ended' : `cut before call ${call}`}`;
        for (const said of await violationsOf(image, number, ended, loading)) violations.push(`${where}: ${said}`);
        if (violations.length >= most) return { calls, states, violations };
      }
      if (!ended) continue;
      disk = cut;
      break;
    }
  }
  return { calls, states, violations };
}

/**
 * Whether the save ended before that call.
 * @param {Folder} disk
 * @param {Parameters<typeof save>[1]} what
 * @param {(inner: FileSystem) => FileSystem} saving
 * @param {number} call
 */
async function saveUntil(disk, what, saving, call) {
  let made = 0;
  const fileSystem = saving(
    watched(fileSystemOf(disk), () => {
      if (made++ >= call) throw new PowerCut();
    }),
  );
  const error = await save({ folder: FOLDER, fileSystem }, what).then(
    () => undefined,
    (reason) => reason,
  );
  if (made <= call && error !== undefined) throw error;
  return made <= call;
}

class PowerCut extends Error {}

/**
 * @param {Image} image
 * @param {number} number
 * @param {boolean} ended
 * @param {(inner: FileSystem) => FileSystem} loading
 * @returns {Promise<string[]>}
 */
async function violationsOf(image, number, ended, loading) {
  const fileSystem = loading(fileSystemOf(/** @type {Folder} */ (diskOf(image))));
  const place = { folder: FOLDER, fileSystem };
  const found = await flaws(place);
  const before = number - 1;
  const loaded = await resume(place).catch((/** @type {Error} */ error) => error);
  if (loaded instanceof Error) {
    // Before the first save there is nothing to load.
    if (ended || before >= 0) found.push(`nothing loads: ${loaded.message}`);
  } else {
    if (loaded.torn) found.push(`what loads as save ${loaded.number} is torn`);
    if (loaded.number !== number && (ended || loaded.number !== before)) found.push(`save ${loaded.number} loads`);
    const best = SAVES[loaded.number]?.best;
    if (best !== undefined && !(await hasStep(place, best))) found.push(`the best, step ${best}, is gone`);
  }
  const next = { step: 9, number: 9, keepLast: 1 };
  const error = await save(place, next).then(
    () => undefined,
    (/** @type {Error} */ reason) => reason,
  );
  if (error) found.push(`the next save fails: ${error.message}`);
  else {
    const after = await resume(place).catch((/** @type {Error} */ reason) => reason);
    if (after instanceof Error || after.number !== 9 || after.torn) found.push('the next save does not load');
    const left = await unfinished(place);
    if (left.length > 0) found.push(`unfinished after the next save: ${left}`);
  }
  return found;
}

/**
 * The image as text; temporary names, which are drawn, by their beginnings.
 * @param {Image} image
 * @returns {string}
 */
function signature(image) {
  if (image instanceof Uint8Array) return Buffer.from(image).toString('latin1');
  const children = Object.entries(image).map(([name, child]) => [
    name.replace(/[0-9a-f]{12}\.tmp$/, 'tmp'),
    signature(child),
  ]);
  return JSON.stringify(children.sort());
}

/** @param {FileSystem} inner */
const same = (inner) => inner;
