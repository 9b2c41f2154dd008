// node tools/faults/kill.mjs: looks for a way to lose a run by killing it, cutting the power or refusing to save, and says what it
// tried. Ends with 1 if it found one, or if a planted fault was not found.
import { parseArgs } from 'node:util';
import { damaging, neverSynced, renamedBeforeSynced, unverified } from './altered-file-systems.mjs';
import { fillDisk, smallDisk } from './full-disk.mjs';
import { cutPowerEverywhere } from './power-cuts.mjs';
import { killAtRandom } from './random-kills.mjs';
import { refuseEverywhere } from './refusals.mjs';
import { canTrace, killAtSystemCalls } from './system-call-kills.mjs';
import { killTraining } from './training-kills.mjs';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '200' },
    training: { type: 'string', default: '0' },
    seed: { type: 'string', default: '1' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log('node tools/faults/kill.mjs [--kills 200] [--training 0] [--seed 1]');
  console.log('  --kills     kills at random times of a process that saves without end');
  console.log('  --training  kills at random times of a training run (about 20 s each)');
  process.exit(0);
}
const kills = Number(values.kills);
const seed = Number(values.seed);

/**
 * @param {string} what
 * @param {Promise<{ violations: readonly string[] }>} work
 * @param {boolean} [planted] whether there is a fault that must be found
 */
async function tell(what, work, planted = false) {
  const begin = performance.now();
  const { violations, ...figures } = await work;
  const counted = Object.entries(figures).map(([name, value]) => `${value} ${name}`);
  const found = planted ? `${violations.length} found, as must be` : 'nothing found';
  const good = violations.length > 0 === planted;
  const seconds = ((performance.now() - begin) / 1000).toFixed(1);
  console.log(
    `${good ? 'ok    ' : 'FAILED'} ${what}: ${counted.join(', ')}; ${good ? found : 'violations:'} (${seconds} s)`,
  );
  if (good) return;
  process.exitCode = 1;
  for (const violation of violations.slice(0, 20)) console.log(`         ${violation}`);
  if (planted) console.log('         none, though a fault was planted: this harness does not see it');
}

const cut = 'power cut before every call';
await tell(`${cut}, keeping one`, cutPowerEverywhere({ keepLast: 1 }));
await tell(`${cut}, keeping two`, cutPowerEverywhere({ keepLast: 2 }));
await tell(`${cut}, renaming before syncing`, cutPowerEverywhere({ saving: renamedBeforeSynced }), true);
const blind = { saving: renamedBeforeSynced, loading: unverified };
await tell(`${cut}, renaming before syncing, loading unverified`, cutPowerEverywhere(blind), true);
await tell(`${cut}, never syncing`, cutPowerEverywhere({ saving: neverSynced }), true);
const unseen = { saving: (/** @type {import('@uniecs/tensor/node').FileSystem} */ x) => damaging(x, { seen: false }) };
await tell(`${cut}, damage not looked for`, cutPowerEverywhere(unseen), true);
await tell('every call refused', refuseEverywhere());
const disk = smallDisk();
if (disk) await tell('full disk', fillDisk(disk.folder)).finally(disk.unmount);
else console.log('-      full disk: skipped, this process may not mount one');
if (canTrace()) {
  await tell('SIGKILL at every system call', killAtSystemCalls());
  const inPlace = killAtSystemCalls({ names: ['fsync'], fault: 'in-place', most: 1 });
  await tell('SIGKILL at every fsync, writing in place', inPlace, true);
} else console.log('-      SIGKILL at every system call: skipped, strace is not there or may not trace');
await tell('SIGKILL at random', killAtRandom({ kills, seed }));
await tell('SIGKILL at random, writing in place', killAtRandom({ kills: 60, seed, fault: 'in-place', most: 1 }), true);
const training = Number(values.training);
if (training > 0) {
  const what = 'SIGKILL of a training run, before its first step and after';
  await tell(what, killTraining({ kills: training, seed }));
  const unsaved = killTraining({ kills: 12, seed, fault: 'unsaved-start', most: 1 });
  await tell(`${what}, with nothing saved before it`, unsaved, true);
}
