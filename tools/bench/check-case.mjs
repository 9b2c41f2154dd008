// Writes a case and compares one step of ours with PyTorch's: `node check-case.mjs CASE.json PYTHON [shortcuts,full-passes]`.
// Without modes it only writes.
// A process of its own, so that the benchmark's stays small.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readSafetensors } from '@uniecs/tensor/node';
import { ourOutputs, revealing } from './our-outputs.mjs';
import { ourTraining } from './our-training.mjs';
import { checkParity } from './parity.mjs';
import { writeCase } from './write-case.mjs';

const [path, python, modes = ''] = /** @type {[string, string, string | undefined]} */ (process.argv.slice(2));
const benchCase = JSON.parse(readFileSync(path, 'utf8'));
const folder = dirname(path);
const training = ourTraining(revealing(benchCase));
await writeCase(folder, training);
const asked = modes.split(',').filter((mode) => mode !== '');
const ours = asked.length > 0 ? await ourOutputs(training) : new Map();
/** @type {Record<string, ReturnType<typeof checkParity>>} */
const found = {};
for (const mode of asked) {
  const out = join(folder, 'twin.safetensors');
  const args = ['-W', 'ignore', join(import.meta.dirname, 'twin.py'), folder, 'check', '--out', out];
  const { status, stderr, error } = spawnSync(python, mode === 'shortcuts' ? args : [...args, '--no-shortcuts'], {
    encoding: 'utf8',
  });
  if (error) throw error;
  if (status !== 0) throw new Error(`check-case: ${python} ended with ${status}\n${stderr}`);
  found[mode] = checkParity(ours, numbersOf((await readSafetensors(out)).tensors));
}
// The case itself again, with the optimizer that is timed; weights and batch are the same.
writeFileSync(path, JSON.stringify(benchCase));
console.log(JSON.stringify(found));

/** @param {ReadonlyMap<string, unknown>} tensors of float32 alone */
function numbersOf(tensors) {
  return /** @type {import('./parity.mjs').Outputs} */ (tensors);
}
