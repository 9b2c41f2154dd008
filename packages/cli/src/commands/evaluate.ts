import { type EvaluationReport, formatBenchmarkTable, formatTaskTable } from '@uniecs/mbeer';
import { evaluatePairs } from '@uniecs/retrieval';
import { writeFileAtomic } from '@uniecs/tensor/node';
import { type BenchmarkName, benchmarkNames } from '../data/read-benchmark.js';
import { readGoodPairs } from '../data/read-good.js';
import { exitCodes } from '../exit-code.js';
import type { DeviceName } from '../machine/device.js';
import { type Io, print, say } from '../terminal/io.js';
import { progress } from '../terminal/progress.js';
import { withModel } from '../with-model.js';
import { evaluateOnBenchmark } from './evaluate-benchmark.js';
import { evaluatedPairs, evaluateEmbeddings } from './evaluate-embeddings.js';

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
  /** How fused embeddings are made of those of image and text. */
  readonly fuse?: 'sum';
  /** Brings embeddings to norm 1. */
  readonly normalize?: boolean;
  readonly json?: string;
};

type EvaluateSource =
  | { readonly model: string; readonly embeddings?: undefined }
  | { readonly model?: undefined; readonly embeddings: string };

/** Judges a model, or embeddings, on the nine tasks over a pair file, or on the tasks of another benchmark. */
export async function runEvaluate(flags: EvaluateFlags, io: Io): Promise<number> {
  const benchmark = benchmarkNames.find((name) => name === flags.dataset);
  const [report, table] =
    benchmark === undefined
      ? await evaluateOnPairs(flags, io).then((found) => [found, formatTaskTable(found)] as const)
      : await evaluateOnBenchmark(benchmark, flags, io).then((found) => [found, formatBenchmarkTable(found)] as const);
  print(io, table);
  if (flags.json !== undefined) {
    await writeFileAtomic(flags.json, `${JSON.stringify(report, null, 2)}\n`);
    say(io, `report: ${flags.json}`);
  }
  return exitCodes.done;
}

function evaluateOnPairs(flags: EvaluateFlags, io: Io): Promise<EvaluationReport> {
  return flags.model === undefined
    ? evaluateEmbeddings(flags, flags.embeddings, io)
    : evaluateModel(flags, flags.model, io);
}

function evaluateModel(flags: EvaluateFlags, model: string, io: Io): Promise<EvaluationReport> {
  return withModel(model, flags, io, async (embedder) => {
    const [pairs = []] = await readGoodPairs([flags.pairs], io, await evaluatedPairs(flags));
    const shown = progress(io, 'embedding', 'items');
    const options = { signal: io.signal, onProgress: shown.update };
    return evaluatePairs(embedder, pairs, options).finally(shown.end);
  });
}
