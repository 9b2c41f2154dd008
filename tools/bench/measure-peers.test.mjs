import { expect, it } from 'vitest';
import { cubeRate } from './ceiling.mjs';
import { measurePeers } from './measure-peers.mjs';
import { summarize } from './statistics.mjs';

/** @type {string[]} */
let asked = [];

/** A side that answers at once. @param {string} name @param {(round: number) => object} answer */
function side(name, answer) {
  let round = 0;
  const ask = async (/** @type {object} */ request) => {
    const what = /** @type {{ do: string }} */ (request).do;
    asked.push(`${name} ${what}`);
    return /** @type {Record<string, unknown>} */ (what === 'peak' ? { bytes: 5 } : answer(round++));
  };
  const stop = async () => void asked.push(`${name} stops`);
  return async () => ({ ready: {}, ask, stop });
}

it('asks the sides in turn, the ceiling among them', async () => {
  asked = [];
  const starts = {
    ours: side('ours', (round) => ({ ms: 10 - round, loss: 3, norm: 2 })),
    eager: side('eager', () => ({ ms: 20, loss: 3.000001 })),
    ceiling: side('ceiling', () => ({ ms: 100 })),
  };
  const { peers, ceiling } = await measurePeers(starts, 'step', { rounds: 1, warmup: 1 });
  const turn = ['ours step', 'eager step', 'ceiling ceiling'];
  expect(asked.slice(0, 6)).toEqual([...turn, ...turn]);
  expect(peers.ours).toEqual({ time: summarize([9]), firstMs: 10, peakBytes: 5 });
  expect(peers).not.toHaveProperty('ceiling');
  // Four cubes of 1,024 in 100 ms.
  expect(ceiling?.median).toBeCloseTo(85.9, 1);
});

it.each([
  ['loss', { ms: 1, loss: 3.01, norm: 2 }],
  ['loss', { ms: 1, loss: Number.NaN, norm: 2 }],
  ['norm', { ms: 1, loss: 3, norm: 2.01 }],
])('refuses a side with another %s, in whatever round, and stops all', async (what, other) => {
  asked = [];
  const right = { ms: 1, loss: 3, norm: 2 };
  const starts = { ours: side('ours', () => right), tfjsNode: side('node', (round) => (round < 2 ? right : other)) };
  const measuring = measurePeers(starts, 'block', { rounds: 3, warmup: 1 });
  await expect(measuring).rejects.toThrow(`tfjsNode has the ${what}`);
  expect(asked.slice(-2)).toEqual(['ours stops', 'node stops']);
});

it('gives the highest rate for the shortest time', () => {
  const rate = cubeRate(summarize([50, 100, 200]));
  expect(rate.most).toBeCloseTo(4 * rate.least, 6);
  expect(rate.median).toBeCloseTo(2 * rate.least, 6);
});
