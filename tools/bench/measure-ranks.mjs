import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runtimeThreads } from './ceiling.mjs';
import { describeMachine } from './machine.mjs';
import { startPeer } from './peer.mjs';
import { drawRanksData } from './ranks-data.mjs';
import { summarize } from './statistics.mjs';
import { megabytes, times } from './table.mjs';

/**
 * @typedef {import('./ranks-data.mjs').Kind} Kind
 * @typedef {{ name: 'UniECS' | 'faiss', seconds: number, cpuSeconds: number, peakBytes: number }} RanksSide seconds: of the whole
 * @typedef {{
 *   kind: Kind, tasks: number, pairs: number, dimension: number, sides: RanksSide[], hitsAt10: number[], faissHitsAt10: number[],
 *   scoredPerQuery: number, byFloats: number, checked: number, wrong: number,
 * }} RanksRow
 * @typedef {{ version: 1, taken: string, machine: import('./machine.mjs').Machine & { faiss?: string }, rows: RanksRow[] }} RanksResults
 */

/** Queries of each task whose ranks are compared with those by every score. */
const checkedQueries = 100;

/**
 * Ranks of the partners in tasks of as many candidates as queries, ours and faiss's ten best in turn, task by task. A task's time is its
 * median over the rounds, and the whole the sum of its tasks.
 * @param {{
 *   pairs: number, dimension: number, tasks: number, rounds: number, kinds: Kind[], python?: string, threads?: number,
 *   tell?: (what: string) => void,
 * }} options
 * @returns {Promise<RanksResults>}
 */
export async function measureRanks({ kinds, tell = () => {}, ...options }) {
  const threads = options.threads ?? (await runtimeThreads());
  const results = {
    version: /** @type {const} */ (1),
    taken: `${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC`,
    machine: /** @type {RanksResults['machine']} */ (describeMachine({ threads, torch: undefined })),
    rows: /** @type {RanksRow[]} */ ([]),
  };
  for (const kind of kinds) {
    tell(`${kind}: drawing ${options.pairs} pairs`);
    const data = drawRanksData({ kind, pairs: options.pairs, dimension: options.dimension });
    try {
      const file = join(data.folder, 'data.json');
      writeFileSync(file, JSON.stringify(data));
      const { row, faiss } = await measureKind({ ...options, kind, file, threads, tell });
      results.rows.push(row);
      if (faiss !== undefined) results.machine.faiss = faiss;
    } finally {
      data.remove();
    }
  }
  return results;
}

/**
 * @param {{
 *   kind: Kind, file: string, pairs: number, dimension: number, tasks: number, rounds: number, python?: string, threads: number,
 *   tell: (what: string) => void,
 * }} of
 * @returns {Promise<{ row: RanksRow, faiss?: string }>}
 */
async function measureKind({ kind, file, pairs, dimension, rounds, python, threads, tell, ...rest }) {
  const tasks = kind === 'near' ? rest.tasks : 1;
  const here = import.meta.dirname;
  // faiss's wheel carries its own OpenBLAS, which is to choose its kernels itself.
  const { OPENBLAS_CORETYPE: _, OPENBLAS_L2_SIZE: __, ...env } = process.env;
  const peers = {
    UniECS: await startPeer(process.execPath, [join(here, 'ranks-peer.mjs'), file, `${threads}`]),
    ...(python ? { faiss: await startPeer(python, [join(here, 'ranks_faiss.py'), file, `${threads}`], env) } : {}),
  };
  const names = /** @type {('UniECS' | 'faiss')[]} */ (Object.keys(peers));
  const sides = names.map((name) => ({ name, seconds: 0, cpuSeconds: 0, peakBytes: 0 }));
  /** @type {RanksRow} */
  const row = {
    ...{ kind, tasks, pairs, dimension, sides, hitsAt10: [], faissHitsAt10: [] },
    ...{ scoredPerQuery: 0, byFloats: 0, checked: 0, wrong: 0 },
  };
  for (let task = 0; task < tasks; task++) {
    const request = { query: Math.floor(task / 3), candidate: task % 3 };
    /** @type {Record<string, { ms: number[], cpuMs: number[], hits: number }>} */
    const measured = Object.fromEntries(names.map((name) => [name, { ms: [], cpuMs: [], hits: 0 }]));
    for (let round = 0; round < rounds; round++) {
      for (const name of names) {
        const answer = await /** @type {import('./peer.mjs').Peer} */ (peers[name]).ask({ do: 'task', ...request });
        const own = /** @type {(typeof measured)[string]} */ (measured[name]);
        own.ms.push(Number(answer.ms));
        own.cpuMs.push(Number(answer.cpuMs));
        own.hits = Number(answer.hits);
        if (name === 'UniECS' && round === 0) {
          const counts = /** @type {import('@uniecs/mbeer').ScreeningCounts} */ (answer.counts);
          row.scoredPerQuery += counts.scored / pairs / tasks;
          row.byFloats += counts.byFloats;
        }
        tell(`${kind}, task ${task + 1} of ${tasks}: ${name} ${Math.round(Number(answer.ms) / 100) / 10} s`);
      }
    }
    for (const side of sides) {
      const { ms, cpuMs } = /** @type {(typeof measured)[string]} */ (measured[side.name]);
      side.seconds += summarize(ms).median / 1000;
      side.cpuSeconds += summarize(cpuMs).median / 1000;
    }
    row.hitsAt10.push(measured.UniECS?.hits ?? 0);
    if (measured.faiss) row.faissHitsAt10.push(measured.faiss.hits);
    const check = await peers.UniECS.ask({ do: 'check', ...request, count: Math.min(checkedQueries, pairs) });
    row.checked += Number(check.checked);
    row.wrong += Number(check.wrong);
  }
  for (const side of sides) {
    const peer = /** @type {import('./peer.mjs').Peer} */ (peers[side.name]);
    side.peakBytes = Number((await peer.ask({ do: 'peak' })).bytes);
    await peer.stop();
  }
  rmSync(file);
  return { row, ...(peers.faiss ? { faiss: String(peers.faiss.ready.ready) } : {}) };
}

const kindNames = { near: 'partners near, as of a trained model', unrelated: 'partners unrelated' };

/** @param {RanksResults} results @returns {import('./table.mjs').Rows} */
export function ranksTable({ rows }) {
  const body = rows.flatMap((row) => {
    const ours = row.sides.find(({ name }) => name === 'UniECS');
    return row.sides.map(({ name, seconds, cpuSeconds, peakBytes }) => [
      `${row.tasks} of ${row.pairs} x ${row.pairs} x ${row.dimension}, ${kindNames[row.kind]}`,
      name,
      `${seconds.toFixed(1)} s`,
      `${cpuSeconds.toFixed(1)} s`,
      ours && name !== 'UniECS' ? times(seconds / ours.seconds) : '1',
      ours && name !== 'UniECS' ? times(cpuSeconds / ours.cpuSeconds) : '1',
      megabytes(peakBytes),
      name === 'UniECS' ? row.scoredPerQuery.toFixed(1) : '',
      name === 'UniECS' ? `${row.checked - row.wrong} of ${row.checked}` : '',
    ]);
  });
  return [
    [
      ...['tasks', 'side', 'time', 'processor time', 'over UniECS', 'processor time over', 'memory above embeddings'],
      ...['scored exactly, a query', 'checked ranks equal'],
    ],
    ...body,
  ];
}
