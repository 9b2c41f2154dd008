import { watched } from './altered-file-systems.mjs';
import { flaws, resume, SAVES, save, unfinished } from './sample-saves.mjs';
import { diskOf, fileSystemOf } from './simulated-disk.mjs';

/** @typedef {import('./simulated-disk.mjs').Folder} Folder */

/** Disk full, an input/output error, no permission. */
export const CODES = ['ENOSPC', 'EIO', 'EACCES'];

const FOLDER = '/run/checkpoints';

/**
 * Lets the system refuse every storage call of every save, that one alone or from there on. The save must fail with a `file` error
 * that tells the reason, or end; the newest checkpoint that ended must load, nothing torn be there, and the next save end well.
 * @returns {Promise<{ calls: number, refused: number, violations: string[] }>}
 */
export async function refuseEverywhere() {
  let disk = /** @type {Folder} */ (diskOf({ run: {} }));
  let calls = 0;
  let refused = 0;
  /** @type {string[]} */
  const violations = [];
  for (const [number, each] of SAVES.entries()) {
    const what = { ...each, number, keepLast: 1 };
    let length = 0;
    const done = structuredClone(disk);
    await save({ folder: FOLDER, fileSystem: watched(fileSystemOf(done), () => length++) }, what);
    for (let call = 0; call < length; call++) {
      calls++;
      for (const code of CODES) {
        for (const lasting of [false, true]) {
          const there = structuredClone(disk);
          let made = 0;
          const fileSystem = watched(fileSystemOf(there), ({ name, path }) => {
            const hit = lasting ? made >= call : made === call;
            made++;
            if (hit) throw Object.assign(new Error(`${code}: ${name} '${path}'`), { code });
          });
          const error = await save({ folder: FOLDER, fileSystem }, what).then(
            () => undefined,
            (reason) => reason,
          );
          if (error) refused++;
          const where = `save ${number}, ${code} ${lasting ? 'from' : 'at'} call ${call}`;
          for (const said of await violationsOf(there, number, error, code)) violations.push(`${where}: ${said}`);
        }
      }
    }
    disk = done;
  }
  return { calls, refused, violations };
}

/**
 * @param {Folder} disk
 * @param {number} number
 * @param {Error & { code?: string, where?: string } | undefined} error
 * @param {string} code
 */
async function violationsOf(disk, number, error, code) {
  const place = { folder: FOLDER, fileSystem: fileSystemOf(disk) };
  const found = await flaws(place);
  if (error && (error.code !== 'file' || error.where !== 'writeCheckpoint' || !error.message.includes(code))) {
    found.push(`the error does not say so: ${error.message}`);
  }
  const loaded = await resume(place).catch((/** @type {Error} */ reason) => reason);
  if (loaded instanceof Error) {
    if (!error || number > 0) found.push(`nothing loads: ${loaded.message}`);
  } else if (loaded.torn) found.push('what loads is torn');
  else if (loaded.number !== number && (!error || loaded.number !== number - 1))
    found.push(`save ${loaded.number} loads`);
  await save(place, { step: 9, number: 9, keepLast: 1 });
  const after = await resume(place);
  if (after.number !== 9 || after.torn) found.push('the next save does not load');
  const left = await unfinished(place);
  if (left.length > 0) found.push(`unfinished after the next save: ${left}`);
  return found;
}
