import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { expect, it } from 'vitest';
import { benchCase } from './case.mjs';
import { runtimeThreads } from './ceiling.mjs';
import { torchVersion } from './machine.mjs';
import { measurePeers, peersOn } from './measure-peers.mjs';
import { ourOutputs, revealing } from './our-outputs.mjs';
import { ourTraining } from './our-training.mjs';
import { checkParity } from './parity.mjs';
import { measureProfile } from './profile.mjs';
import { runCheck } from './run-check.mjs';
import { work } from './work.mjs';

/** Tiny with one layer of each kind and small images. */
function smallCase(/** @type {number} */ pairs = 3, /** @type {number} */ microBatch = pairs) {
  const made = benchCase({ size: 'tiny', pairs, microBatch });
  const { image, text, fusion } = made.model;
  const model = {
    ...made.model,
    image: { ...image, imageSize: 16, layers: 1, width: 16 },
    text: { ...text, vocabularySize: 50, layers: 1, width: 16 },
    fusion: { ...fusion, width: 16, fusionBlocks: 1 },
  };
  return { ...made, model };
}

/** @template T @param {object} of @param {(folder: string) => T | Promise<T>} use */
async function inFolder(of, use) {
  const folder = mkdtempSync(join(tmpdir(), 'uniecs-bench-test-'));
  writeFileSync(join(folder, 'case.json'), JSON.stringify(of));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

it('times steps, embeddings and encoder passes of our side in a process of its own', async () => {
  await inFolder(smallCase(4, 2), async (folder) => {
    const starts = peersOn(folder, { threads: 2, compile: true, fullPasses: true });
    expect(Object.keys(starts)).toEqual(['ours', 'ceiling']);
    for (const task of /** @type {const} */ (['step', 'encode', 'encoders'])) {
      const sides = task === 'step' ? starts : { ours: starts.ours };
      const { peers, ceiling } = await measurePeers(sides, task, { rounds: 2, warmup: 1 });
      const { ours } = peers;
      if (task === 'step') expect(ceiling?.median).toBeGreaterThan(0.1);
      expect(ours?.time.count).toBe(2);
      expect(ours?.time.least).toBeGreaterThan(0);
      expect(ours?.peakBytes).toBeGreaterThan(5e7);
    }
  });
}, 30_000);

it('gives the same outputs for the same case, and notices one changed weight', async () => {
  const outputs = async (/** @type {number} */ change) => {
    const training = ourTraining(revealing(smallCase()));
    const weight = training.state.parameters.get('image_encoder.post_layernorm.weight');
    tf.tidy(() => weight?.assign(tf.mul(weight, 1 + change)));
    return ourOutputs(training);
  };
  const reference = await outputs(0);
  expect(() => checkParity(reference, reference)).not.toThrow();
  const changed = await outputs(0.01);
  expect(() => checkParity(changed, reference)).toThrow('parity: expected');
}, 30_000);

const python = torchVersion('python3') === undefined ? undefined : 'python3';
it.skipIf(python === undefined)(
  'computes what PyTorch computes, in one graph and in micro-batches',
  async () => {
    for (const of of [smallCase(), smallCase(4, 2)]) {
      const found = await inFolder(of, (folder) =>
        runCheck(folder, /** @type {string} */ (python), ['shortcuts', 'full-passes']),
      );
      expect(Object.keys(found)).toEqual(['shortcuts', 'full-passes']);
    }
  },
  120_000,
);

it('profiles a step: the products are found, and the parts add up to less than the whole', async () => {
  const { groups, totalMs, betweenMs, pairs } = await measureProfile({ case: smallCase(), rounds: 2 });
  expect(pairs).toBe(3);
  expect(groups.find(({ name }) => name === 'products')?.count).toBeGreaterThan(50);
  expect(groups.find(({ name }) => name === 'head')?.count).toBeGreaterThan(50);
  expect(betweenMs).toBeGreaterThan(0);
  expect(betweenMs + groups.reduce((sum, { ms }) => sum + ms, 0)).toBeCloseTo(totalMs, 6);
}, 30_000);

it('finds how many threads ONNX Runtime takes', async () => {
  const threads = await runtimeThreads();
  expect(threads).toBeGreaterThanOrEqual(1);
  expect(threads).toBeLessThanOrEqual(cpus().length);
}, 30_000);

it.skipIf(python === undefined)(
  'gives every twin as many threads as ours takes',
  async () => {
    await inFolder(smallCase(), async (folder) => {
      runCheck(folder, /** @type {string} */ (python), []);
      const starts = peersOn(folder, {
        python: /** @type {string} */ (python),
        threads: 1,
        compile: true,
        fullPasses: true,
      });
      expect(Object.keys(starts)).toEqual(['ours', 'eager', 'compile', 'eagerFull', 'compileFull', 'ceiling']);
      for (const name of /** @type {const} */ (['eager', 'eagerFull'])) {
        const twin = await starts[name]?.();
        expect(twin?.ready.threads).toBe(1);
        await twin?.stop();
      }
    });
  },
  60_000,
);

it("counts the products' operations of a step and of an embedding", () => {
  const whole = work(benchCase({ size: 'tiny', pairs: 96 }));
  const parts = work(benchCase({ size: 'tiny', pairs: 96, microBatch: 16 }));
  expect(whole.step / 1e9).toBeGreaterThan(80);
  expect(whole.step / 1e9).toBeLessThan(150);
  expect(parts.encode).toBe(whole.encode);
  // The forward pass twice, so 4/3, but for the patches.
  expect(parts.step / whole.step).toBeCloseTo(4 / 3, 2);
});
