// What frozen encoders cost with a feature cache: pictures and titles a second to make it, pairs a second to train from it, bytes an item,
// each by the clock and by processor time, which a busy machine changes less.
// After a build: node tools/bench/frozen.mjs [--size base] [--items 16] [--batch 8] [--micro 4] [--steps 3]
// Weights, pictures and titles are drawn. Prints JSON; docs/BENCHMARKS.md says on what machine its figures were taken.
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

const packages = join(import.meta.dirname, '..', '..', 'packages');
/** @param {string} path */
const load = (path) => import(pathToFileURL(join(packages, path)).href);
/** @param {string} name */
const from = (name) => createRequire(join(packages, name, 'package.json'));
await import(pathToFileURL(from('cli').resolve('@tensorflow/tfjs-backend-cpu')).href);
const [ours, encoders, losses, weights, tensor] = await Promise.all(
  [
    'retrieval/dist/index.js',
    'encoders/dist/node.js',
    'losses/dist/index.js',
    'adaptive-weighting/dist/index.js',
    'tensor/dist/index.js',
  ].map(load),
);
const sharp = from('encoders')('sharp');

const { values } = parseArgs({
  options: {
    size: { type: 'string', default: 'base' },
    items: { type: 'string', default: '16' },
    batch: { type: 'string', default: '8' },
    micro: { type: 'string', default: '4' },
    steps: { type: 'string', default: '3' },
  },
});
const { items, batchSize, microBatch, steps } = {
  items: Number(values.items),
  batchSize: Number(values.batch),
  microBatch: Number(values.micro),
  steps: Number(values.steps),
};
// Quicker than the generator of the packages, for 180 million weights whose values do not matter.
let state = 1;
const next = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return state / 2 ** 32;
};
const random = {
  fork: () => random,
  uniform: next,
  normal: () => (next() + next() + next() - 1.5) * 2,
  integer: (/** @type {number} */ below) => Math.floor(next() * below),
};
/** @typedef {{ seconds: number, processorSeconds: number }} Time */
const folder = await mkdtemp(join(tmpdir(), 'uniecs-frozen-'));
/** @type {{ id: string, title: string, image: string }[]} */
const list = [];
for (let i = 0; i < items; i++) {
  const image = join(folder, `${i}.png`);
  const raw = Buffer.from(Uint8Array.from({ length: 64 * 64 * 3 }, () => random.integer(256)));
  await sharp(raw, { raw: { width: 64, height: 64, channels: 3 } })
    .png()
    .toFile(image);
  const title = Array.from({ length: 10 }, () => `word${random.integer(400)}`).join(' ');
  list.push({ id: `${i}`, title, image });
}
const pairs = Array.from({ length: items / 2 }, (_, i) => ({ item1: list[2 * i], item2: list[2 * i + 1] }));

/** Seconds by the clock and of the processors. @template T @param {() => Promise<T>} work @returns {Promise<[T, Time]>} */
async function timed(work) {
  const [begin, before] = [performance.now(), process.cpuUsage()];
  const result = await work();
  const { user, system } = process.cpuUsage(before);
  return [result, { seconds: (performance.now() - begin) / 1000, processorSeconds: (user + system) / 1e6 }];
}
/** @param {number} count @param {Time} time */
const pace = (count, { seconds, processorSeconds }) => ({
  perSecond: count / seconds,
  perProcessorSecond: count / processorSeconds,
});

const tokenizer = encoders.loadTokenizer(encoders.trainTokenizer(list.map(({ title }) => title)));
const config = ours.modelConfig(values.size, 'recommended', values.size === 'base' ? 30522 : tokenizer.vocabularySize);
const model = ours.retrievalModel(config, random);
const images = encoders.imageSource({ size: config.image.imageSize });
const loader = { tokenizer, images, maxLength: config.text.maxLength };
const cache = ours.featureCache({ model, loader, folder: join(folder, 'features'), batchSize: 8 });
const [, pictures] = await timed(() => cache.prepare(list.map(({ id, image }) => ({ id, image }))));
const [, titles] = await timed(() => cache.prepare(list.map(({ id, title }) => ({ id, title }))));

const terms = losses.recommendedLosses();
const weighting = weights.adaptiveWeighting({ terms: terms.length, beta: 0 });
const optimizer = ours.adamW();
const frozen = new Set(
  [...tensor.namedParameters(model).keys()].filter((name) => /^(image|text)_encoder\./.test(name)),
);
const trained = ours.trainState(model, terms, optimizer, weighting, { frozen });
const stages = ours.trainStages({ model, terms, weighting, scope: 'representations', optimizer, state: trained });
const runner = ours.stepRunner(stages, trained, batchSize, microBatch);
const batches = ours.loadedPairs({ pairs, loader, batchSize, seed: 1, augment: false }, cache.load);
const taken = [];
for (let step = 0; step < steps; step++) {
  const [, time] = await timed(async () => runner.run(await batches.batch(step), 1e-4, Float32Array.of(1, step)));
  taken.push(pace(Math.min(batchSize, pairs.length), time));
}
let bytes = 0;
for (const name of await readdir(join(folder, 'features'), { recursive: true })) {
  const found = await stat(join(folder, 'features', name));
  if (found.isFile()) bytes += found.size;
}
const machine = { processor: cpus()[0]?.model, threads: availableParallelism(), node: process.version };
const made = { pictures: pace(items, pictures), titles: pace(items, titles) };
console.log(JSON.stringify({ ...values, machine, made, pairs: taken, bytesPerItem: bytes / items }, null, 2));
cache.close();
await runner.dispose();
await images.dispose();
await rm(folder, { recursive: true });
process.exit(0);
