import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeFileSystem } from '@uniecs/tensor/node';
import { flaws, resume, save, unfinished } from './sample-saves.mjs';

/**
 * A disk of 4 MB, where this process may mount one.
 * @returns {{ folder: string, unmount: () => void } | undefined}
 */
export function smallDisk() {
  const folder = mkdtempSync(join(tmpdir(), 'uniecs-small-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', folder], { stdio: 'ignore' });
  } catch {
    rmdirSync(folder);
    return undefined;
  }
  const unmount = () => {
    execFileSync('umount', ['-l', folder]);
    rmdirSync(folder);
  };
  return { folder, unmount };
}

/** Numbers in the arrays of a save: three fit the disk, with the one at work. */
const FLOATS = 250_000;

/**
 * Saves on a disk that is full to a different degree each time: the save fails or ends, what was there before loads, and with room again the
 * next save ends well.
 * @param {string} disk
 * @returns {Promise<{ saves: number, refused: number, violations: string[] }>}
 */
export async function fillDisk(disk) {
  const place = { folder: join(disk, 'checkpoints'), fileSystem: nodeFileSystem };
  const filler = join(disk, 'filler');
  /** @type {string[]} */
  const violations = [];
  let refused = 0;
  let step = 1;
  await save(place, { step, number: step, length: FLOATS, keepLast: 1 });
  const room = [0, 1, 3, 64, 500, 975, 980, 988, 1100].map((kilobytes) => kilobytes * 1024);
  for (const left of room) {
    const { bavail, bsize } = statfsSync(disk);
    writeFileSync(filler, Buffer.alloc(Math.max(0, bavail * bsize - left)));
    const where = `step ${step + 1}, ${left} bytes left`;
    const error = await attempted(place, step + 1);
    if (error && !error.message.includes('ENOSPC')) violations.push(`${where}: ${error.message}`);
    if (error) refused++;
    else step++;
    for (const flaw of await flaws(place)) violations.push(`${where}: ${flaw}`);
    const full = await resume(place, FLOATS);
    if (full.step !== step || full.torn) violations.push(`${where}: step ${full.step} loads`);
    rmSync(filler);
    const next = await attempted(place, step + 1);
    if (next) violations.push(`${where}: with room again: ${next.message}`);
    else step++;
    const after = await resume(place, FLOATS);
    const names = await unfinished(place);
    if (after.step !== step || after.torn || names.length > 0)
      violations.push(`${where}: with room again ${after.step}, ${names}`);
  }
  return { saves: 2 * room.length, refused, violations };
}

/**
 * @param {import('./sample-saves.mjs').Place} place
 * @param {number} step
 * @returns {Promise<Error | undefined>}
 */
function attempted(place, step) {
  return save(place, { step, number: step, length: FLOATS, keepLast: 1 }).then(
    () => undefined,
    (/** @type {Error} */ error) => error,
  );
}
