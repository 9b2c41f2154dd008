// Runs an exported folder in onnxruntime-web (WebAssembly) and compares with reference.mjs.
// npm install onnxruntime-web (148 MB, somewhere else); node tools/exported/check-web.mjs FOLDER REFERENCE.json WHERE_IT_IS
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, reference, installed] = process.argv.slice(2);
if (!folder || !reference || !installed)
  throw new Error('usage: node tools/exported/check-web.mjs FOLDER REFERENCE WHERE');
const require = createRequire(join(resolve(installed), 'package.json'));
const ort = await import(pathToFileURL(require.resolve('onnxruntime-web')).href);
ort.env.wasm.numThreads = 1;
/** @typedef {{ dtype: 'float32' | 'int32', shape: number[], data: number[] }} Input */
let worst = 0;
for (const [role, run] of Object.entries(JSON.parse(readFileSync(reference, 'utf8')))) {
  const session = await ort.InferenceSession.create(readFileSync(join(folder, `${role}.onnx`)), {
    executionProviders: ['wasm'],
  });
  const arrays = { float32: Float32Array, int32: Int32Array };
  const feeds = Object.fromEntries(
    Object.entries(/** @type {Record<string, Input>} */ (run.inputs)).map(([name, { dtype, shape, data }]) => [
      name,
      new ort.Tensor(dtype, arrays[dtype].from(data), shape),
    ]),
  );
  /** @type {Record<string, { dims: number[], data: Float32Array }>} */
  const outputs = await session.run(feeds);
  for (const [name, { dims, data }] of Object.entries(outputs)) {
    const expected = run.outputs[name].data;
    const difference = data.reduce((most, x, i) => Math.max(most, Math.abs(x - expected[i])), 0);
    worst = Math.max(worst, difference);
    console.log(`${role}: ${name} [${dims}], largest difference ${difference.toExponential(2)}`);
  }
}
console.log(
  `onnxruntime-web ${ort.env.versions.web ?? ort.env.versions.common}: largest difference ${worst.toExponential(2)}`,
);
process.exit(worst > 1e-5 ? 1 : 0);
