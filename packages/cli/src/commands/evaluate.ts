import {
  evaluationReport,
  formatBenchmarkTable,
  formatTaskTable,
  type Pair,
  type PairEmbeddings,
  type Pool,
  recallMeaning,
  taskMeasures,
  tasks,
} from '@uniecs/mbeer';
import { embedPairs, rankEmbeddings } from '@uniecs/retrieval';
import { UniecsError } from '@uniecs/tensor';
import { writeFileAtomic } from '@uniecs/tensor/node';
import { type BenchmarkName, benchmarkNames } from '../data/read-benchmark.js';
import { readGoodPairs } from '../data/read-good.js';
import { exitCodes } from '../exit-code.js';
import type { DeviceName } from '../machine/device.js';
import { type Io, print, say } from '../terminal/io.js';
import { progress } from '../terminal/progress.js';
import { withModel } from '../with-model.js';
import { evaluateOnBenchmark } from './evaluate-benchmark.js';
import { evaluatedPairs, importedSides } from './evaluate-embeddings.js';
import { writeRuns } from './write-runs.js';

/** The flags of `uniecs eval`: either a model or embeddings. */
export type EvaluateFlags = EvaluateSource & {
  /** Pair file, or the folder of a benchmark with a layout of its own. */
  readonly pairs: string;
  /** Default `mbeer`: a pair file. */
  readonly dataset?: 'mbeer' | BenchmarkName;
  /** Other names of a pair file's fields: a list, or a YAML file. */
  readonly columns?: string;
  /** Leaves out bad lines, and what lacks its picture, instead of stopping. */
  readonly skipBad?: boolean;
  readonly images?: string;
  readonly device?: DeviceName;
  /** Folder that keeps embeddings, or `off`; default the user's cache folder. */
  readonly embeddingCache?: string;
  /** How fused embeddings are made of those of image and text. */
  readonly fuse?: 'sum';
  /** Brings embeddings to norm 1. */
  readonly normalize?: boolean;
  /** Among what a query looks for its partner; default `global`. */
  readonly pool?: Pool;
  /** Of the mixed pool; default 7. */
  readonly seed?: number;
  /** Folder for a TREC run and its judgements of each task. */
  readonly runOut?: string;
  readonly json?: string;
};

/** What is judged on the nine tasks. */
export type EvaluatedSides = PairEmbeddings & { readonly pairs: readonly Pair[] };

type EvaluateSource =
  | { readonly model: string; readonly embeddings?: undefined }
  | { readonly model?: undefined; readonly embeddings: string };

/** Judges a model, or embeddings, on the nine tasks over a pair file, or on the tasks of another benchmark. */
export async function runEvaluate(flags: EvaluateFlags, io: Io): Promise<number> {
  const benchmark = benchmarkNames.find((name) => name === flags.dataset);
  const [report, table] =
    benchmark === undefined
      ? await evaluateOnPairs(flags, io)
      : await evaluateOnBenchmark(benchmark, flags, io).then((found) => [found, formatBenchmarkTable(found)] as const);
  print(io, table);
  if (flags.json !== undefined) {
    await writeFileAtomic(flags.json, `${JSON.stringify(report, null, 2)}\n`);
    say(io, `report: ${flags.json}`);
  }
  return exitCodes.done;
}

/** The report of a pair file, and its table. */
async function evaluateOnPairs(flags: EvaluateFlags, io: Io): Promise<readonly [object, string]> {
  const sides =
    flags.model === undefined
      ? await importedSides(flags, flags.embeddings, io)
      : await embeddedSides(flags, flags.model, io);
  const { pool = 'global', seed = 7 } = flags;
  const { pairs, query, candidate, notCounted } = sides;
  if (pool !== 'global' && notCounted.length > 0) {
    throw new UniecsError({
      ...{ code: 'argument', where: 'eval', expected: 'fused, image and text embeddings for this pool' },
      ...{ got: 'not all of them', hint: 'take --pool global, or add --fuse sum where the fused ones are missing' },
    });
  }
  const shown = progress(io, 'judging', 'queries');
  const names: string[] = [];
  const evaluation = await rankEmbeddings({
    ...{ query, candidate, tasks: sides.tasks, pool, seed, signal: io.signal },
    onProgress: ({ task, done }) => {
      if (!names.includes(task)) names.push(task);
      const count = pool === 'mixed' ? 3 : sides.tasks.length;
      shown.update(names.indexOf(task) * pairs.length + done, count * pairs.length);
    },
  }).finally(shown.end);
  if (flags.runOut !== undefined) {
    await writeRuns(flags.runOut, pairs, sides, evaluation, io);
    say(io, `runs: ${flags.runOut}`);
  }
  const report = evaluationReport(evaluation, notCounted);
  const judged = pool === 'global' ? {} : { pool, ...(pool === 'mixed' ? { seed } : {}) };
  const table = `${formatTaskTable(report)}\n\n${recallMeaning}`;
  return [{ ...report, ...judged, measures: taskMeasures(evaluation) }, table];
}

function embeddedSides(flags: EvaluateFlags, model: string, io: Io): Promise<EvaluatedSides> {
  return withModel(model, { ...flags, keep: true }, io, async (embedder) => {
    const [pairs = []] = await readGoodPairs([flags.pairs], io, await evaluatedPairs(flags));
    const shown = progress(io, 'embedding', 'items');
    const options = { signal: io.signal, onProgress: shown.update };
    const sides = await embedPairs(embedder, pairs, options).finally(shown.end);
    return { ...sides, pairs, tasks, notCounted: [] };
  });
}
