// The process that the kill harness kills: goes on from the newest checkpoint, then saves and saves, and says so line by line.
// node saver.mjs FOLDER FLOATS [SAVES] [in-place]: ends after so many saves, or never; `wait` as SAVES waits for a line on standard
// input and then saves once.
import { createInterface } from 'node:readline';
import { nodeFileSystem } from '@uniecs/tensor/node';
import { withoutRename } from './altered-file-systems.mjs';
import { resume, save } from './sample-saves.mjs';

const [folder = '', floats = '97', saves = 'endless', fault] = process.argv.slice(2);
const place = { folder, fileSystem: fault === 'in-place' ? withoutRename(nodeFileSystem) : nodeFileSystem };
const length = Number(floats);
const left = (await nodeFileSystem.readdir(folder).catch(() => [])).some((name) => name.startsWith('step-'));
let step = left ? (await resume(place, length)).step : 0;
console.log(`ready ${step}`);
if (saves === 'wait') {
  const lines = createInterface({ input: process.stdin });
  await lines[Symbol.asyncIterator]().next();
  lines.close();
}
const last = saves === 'endless' ? Number.POSITIVE_INFINITY : step + (saves === 'wait' ? 1 : Number(saves));
while (step < last) {
  step++;
  await save(place, { step, number: step, length, keepLast: 1, best: Math.max(1, step - (step % 5)) });
  console.log(`saved ${step}`);
}
