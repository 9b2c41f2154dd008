// Ranks of partners on our side, as a child process: `node ranks-peer.mjs DATA.json THREADS`.
import { readFileSync } from 'node:fs';
import { matrixProducts } from '@uniecs/compile';
import { scoredRanks, screenedRanks } from '@uniecs/mbeer';
import { peakBytes, serve, timed } from './peer.mjs';
import { viewCount, viewFile } from './ranks-data.mjs';

const [, , file = '', threads = '1'] = process.argv;
/** @type {import('./ranks-data.mjs').RanksData} */
const { folder, pairs, dimension } = JSON.parse(readFileSync(file, 'utf8'));
/** @param {'query' | 'candidate'} side */
const views = (side) =>
  Array.from({ length: viewCount }, (_, view) => {
    const bytes = readFileSync(viewFile(folder, side, view));
    return {
      rows: pairs,
      columns: dimension,
      data: new Float32Array(bytes.buffer, bytes.byteOffset, pairs * dimension),
    };
  });
const sides = { query: views('query'), candidate: views('candidate') };
const loaded = peakBytes();
const products = matrixProducts({ threads: Number(threads) });

/** @param {Record<string, unknown>} request */
function poolOf({ query, candidate, count = pairs }) {
  const all = /** @type {import('@uniecs/mbeer').RankedPool['queries']} */ (sides.query[Number(query)]);
  const rows = Number(count);
  return {
    name: `${query}->${candidate}`,
    queries: { rows, columns: dimension, data: all.data.subarray(0, rows * dimension) },
    candidates: /** @type {typeof all} */ (sides.candidate[Number(candidate)]),
    positives: Int32Array.from({ length: rows }, (_, i) => i),
    between: async () => {},
  };
}

/** The pairs with one of the first K ranks. @param {Int32Array} ranks */
const hits = (ranks, k = 10) => ranks.filter((rank) => rank <= k).length;

/** @type {Map<string, Int32Array>} */
const found = new Map();

await serve(
  { ready: process.version },
  {
    task: async (request) => {
      /** @type {import('@uniecs/mbeer').ScreeningCounts | undefined} */
      let counts;
      const ranks = screenedRanks(products, {
        onCounts: (told) => {
          counts = told;
        },
      });
      const pool = poolOf(request);
      const cpu = process.cpuUsage();
      const ms = await timed(async () => {
        found.set(pool.name, await ranks(pool));
      });
      const { user, system } = process.cpuUsage(cpu);
      return {
        ms,
        cpuMs: (user + system) / 1000,
        hits: hits(/** @type {Int32Array} */ (found.get(pool.name))),
        counts,
      };
    },
    // The first ranks of the last task, by every score in plain JavaScript.
    check: async (request) => {
      const pool = poolOf(request);
      const expected = await scoredRanks()(pool);
      const ranks = /** @type {Int32Array} */ (found.get(pool.name));
      return { checked: expected.length, wrong: expected.filter((rank, i) => rank !== ranks[i]).length };
    },
    peak: () => ({ bytes: peakBytes() - loaded }),
  },
);
