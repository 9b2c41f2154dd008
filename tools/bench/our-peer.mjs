// Our side of the benchmark as a child process: `node our-peer.mjs CASE.json [DEVICE]`, requests as `serve` takes them.
import { readFileSync } from 'node:fs';
import { ourEncoderPasses, ourEncoding, ourStep, ourStepGraph, ourTraining } from './our-training.mjs';
import { peakBytes, serve, timed } from './peer.mjs';

const training = ourTraining(JSON.parse(readFileSync(/** @type {string} */ (process.argv[2]), 'utf8')));
const device = /** @type {import('@uniecs/compile').Device} */ (process.argv[3] ?? 'cpu');
/** @type {Record<string, { run: () => Promise<object> }>} */
const made = {};
/** @param {string} name @param {() => { run: () => Promise<object> }} make */
const once = (name, make) => (made[name] ??= make());

/** @param {string} name @param {() => { run: () => Promise<object> }} make */
function measured(name, make) {
  return async () => {
    /** @type {{ loss?: number, gradientNorm?: number }} */
    let report = {};
    const ms = await timed(async () => {
      report = await once(name, make).run();
    });
    return { ms, loss: report.loss, norm: report.gradientNorm };
  };
}

await serve(
  { ready: process.version },
  {
    step: measured('step', () => ourStep(training, device)),
    encode: measured('encode', () => ourEncoding(training, device)),
    encoders: measured('encoders', () => ourEncoderPasses(training)),
    prepare: ({ task }) => (task === 'step' ? ourStepGraph(training, device) : ourEncoding(training, device)).prepare(),
    peak: () => ({ bytes: peakBytes() }),
  },
);
