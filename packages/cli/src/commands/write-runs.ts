import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import {
  type Evaluation,
  nearestCandidates,
  type Pair,
  type PairEmbeddings,
  qrelsLine,
  runLine,
  type Scores,
  trecId,
} from '@uniecs/mbeer';
import { withFloatScores } from '@uniecs/retrieval';
import { UniecsError } from '@uniecs/tensor';
import type { Io } from '../terminal/io.js';
import { progress } from '../terminal/progress.js';

/** Candidates of each query that a run holds. */
const depth = 100;

/** Queries whose scores are held at a time. */
const block = 256;

/**
 * Writes a TREC run and its judgements for every task, `t-to-vt.run` and `t-to-vt.qrels`: the 100 best candidates of every query that
 * counts, scores as float32, ties against the partner. Queries and documents are named `line:id`.
 */
export async function writeRuns(
  folder: string,
  pairs: readonly Pair[],
  { query, candidate }: Pick<PairEmbeddings, 'query' | 'candidate'>,
  { results }: Evaluation,
  io: Io,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const queryIds = pairs.map(({ line, item1 }) => trecId(line, item1.id));
  const candidateIds = pairs.map(({ line, item2 }) => trecId(line, item2.id));
  const total = results.reduce((sum, { queryRows }) => sum + queryRows.length, 0);
  const shown = progress(io, 'writing runs', 'queries');
  let done = 0;
  const writeAll = async (scores: Scores) => {
    for (const { task, queryRows } of results) {
      const name = join(folder, task.name.replace('->', '-to-'));
      const [run, qrels] = [createWriteStream(`${name}.run`), createWriteStream(`${name}.qrels`)];
      const written = Promise.all([finished(run), finished(qrels)]);
      // Who waits for it is told; until then it is nobody's.
      written.catch(() => {});
      for (let start = 0; start < queryRows.length && !run.destroyed && !qrels.destroyed; start += block) {
        await new Promise((resolve) => setImmediate(resolve));
        if (io.signal.aborted) throw interrupted(task.name);
        const rows = [...queryRows.subarray(start, start + block)];
        const found = await nearestCandidates({ query, candidate, task, queryRows: rows, k: depth, scores });
        for (const [i, { best }] of found.entries()) {
          const own = queryIds[rows[i] as number] as string;
          const lines = best.map(({ row, score }, place) =>
            runLine(own, candidateIds[row] as string, place + 1, score, 'uniecs'),
          );
          run.write(`${lines.join('\n')}\n`);
          qrels.write(`${qrelsLine(own, candidateIds[rows[i] as number] as string)}\n`);
        }
        done += rows.length;
        shown.update(done, total);
      }
      for (const stream of [run, qrels]) stream.end();
      await written.catch((cause) => {
        throw new UniecsError({
          ...{
            code: 'file',
            where: 'eval',
            expected: `to write ${name}.run and .qrels`,
            got: String(cause.message),
            cause,
          },
          hint: 'make room there, or name another folder',
        });
      });
    }
  };
  await withFloatScores(writeAll).finally(shown.end);
}

function interrupted(task: string): UniecsError {
  return new UniecsError({
    ...{ code: 'interrupted', where: 'eval', expected: 'to write all runs', got: `the signal to stop in ${task}` },
    hint: 'run it again',
  });
}
