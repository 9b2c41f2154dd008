import '@tensorflow/tfjs-backend-cpu';
import { cp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type SmallCatalogue, smallCatalogue } from '../testing/small-catalogue.js';
import { digests, pairsOfRun, run, stepsOfRun, tampered } from '../testing/stopped-runs.js';
import type { RunProgress } from './run-progress.js';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

/** Every stop by itself, by hand: `node tools/exact-resume.mjs`. */
const alone = process.env.UNIECS_STOPS === 'all' ? Array.from({ length: stepsOfRun }, (_, i) => i + 1) : [];
/** In the middle of an epoch, at its end before the validation, late in the second one, after the last step: in one run. */
const inOne = [7, 20, 36, 40];
/** The stop that the controls start from. */
const control = 36;

let catalogue: SmallCatalogue;
let reference: Awaited<ReturnType<typeof digests>>;
const at = (name: string) => join(catalogue.folder, name);

beforeAll(async () => {
  catalogue = await smallCatalogue({ train: pairsOfRun });
  expect(await run(catalogue, at('reference'))).toBe(stepsOfRun);
  reference = await digests(at('reference'));
  for (const [i, stop] of inOne.entries()) {
    expect(await run(catalogue, at('often'), { stop, resume: i > 0 })).toBe(stop);
    if (stop === control) await cp(at('often'), at('stopped'), { recursive: true });
  }
});
afterAll(() => catalogue.remove());

describe('a run that is stopped and resumed leaves what an uninterrupted one leaves, to the bit', () => {
  it.each(alone)('after step %i', async (stop) => {
    const out = at(`stop-${stop}`);
    expect(await run(catalogue, out, { stop })).toBe(stop);
    expect(await run(catalogue, out, { resume: true })).toBe(stepsOfRun);
    expect(await digests(out)).toEqual(reference);
    await rm(out, { recursive: true });
  });

  it(`after the steps ${inOne}, one after the other`, async () => {
    expect(await run(catalogue, at('often'), { resume: true })).toBe(stepsOfRun);
    expect(await digests(at('often'))).toEqual(reference);
  });
});

it('so does a run of float16 products, computed again on the way back, whose loss scale changes', async () => {
  const more = { precision: 'float16', recompute: true, epochs: 1 } as const;
  await run(catalogue, at('half'), { more });
  const whole = await digests(at('half'));
  expect(await run(catalogue, at('half stopped'), { stop: 13, more })).toBe(13);
  await run(catalogue, at('half stopped'), { resume: true, more });
  expect(await digests(at('half stopped'))).toEqual(whole);
  expect(whole.weights).not.toBe(reference.weights);
  const lines = (await readFile(join(at('half'), 'metrics.jsonl'), 'utf8')).trimEnd().split('\n');
  const scales = new Set(lines.map((line) => JSON.parse(line).lossScale).filter((scale) => scale !== undefined));
  expect(scales.size, 'scales that were tried').toBeGreaterThan(0);
});

describe('a resume that loses some of the state is found out:', () => {
  it.each<[string, (arrays: Map<string, Float32Array>, info: RunProgress) => RunProgress]>([
    ['the dropout counter', (_, info) => ({ ...info, random: { ...info.random, dropout: 0 } })],
    ['the skipped steps, and with them where the schedule is', (_, info) => ({ ...info, skipped: 0 })],
    [
      'the average of the weights',
      (arrays, info) => {
        for (const [name, array] of arrays) arrays.get(`average.${name}`)?.set(array);
        return info;
      },
    ],
    [
      'the lambdas',
      (arrays, info) => {
        arrays.get('weighting.log_lambda')?.fill(0);
        return info;
      },
    ],
  ])('%s', async (name, change) => {
    const copy = at(`without ${name}`);
    await tampered(at('stopped'), copy, change);
    expect(await run(catalogue, copy, { resume: true })).toBe(stepsOfRun);
    const found = await digests(copy);
    expect(found.state).not.toBe(reference.state);
    expect(found).not.toEqual(reference);
  });

  it('nothing lost, nothing found', async () => {
    const copy = at('as it was');
    await tampered(at('stopped'), copy, (_, info) => info);
    await run(catalogue, copy, { resume: true });
    expect(await digests(copy)).toEqual(reference);
  });
});
