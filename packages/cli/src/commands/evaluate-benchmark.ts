import {
  type Benchmark,
  type BenchmarkReport,
  benchmarkEmbeddings,
  benchmarkReport,
  type Embeddings,
  evaluateBenchmark,
} from '@uniecs/mbeer';
import { type BenchmarkName, readGoodBenchmark } from '../data/read-benchmark.js';
import { readEmbeddings } from '../embeddings/read-embeddings.js';
import { views } from '../embeddings/vectors-of.js';
import { type Io, say } from '../terminal/io.js';
import { progress } from '../terminal/progress.js';
import { withModel } from '../with-model.js';
import type { EvaluateFlags } from './evaluate.js';

/** Judges a model, or embeddings computed elsewhere, on a benchmark with a layout of its own. */
export function evaluateOnBenchmark(name: BenchmarkName, flags: EvaluateFlags, io: Io): Promise<BenchmarkReport> {
  const { images, skipBad, pairs: folder } = flags;
  if (flags.model === undefined) return evaluateVectors(name, flags, flags.embeddings, io);
  return withModel(flags.model, { ...flags, keep: true }, io, async (embedder) => {
    const benchmark = await readGoodBenchmark(name, folder, io, { images, skipBad });
    const shown = progress(io, 'embedding', 'items');
    const options = { signal: io.signal, onProgress: shown.update };
    const embeddings = await embedder.embed(benchmark.items, options).finally(shown.end);
    return judged(benchmark, embeddings, [], io);
  });
}

async function evaluateVectors(
  name: BenchmarkName,
  { images, skipBad, pairs: folder, fuse, normalize }: EvaluateFlags,
  path: string,
  io: Io,
): Promise<BenchmarkReport> {
  const whole = await readGoodBenchmark(name, folder, io, { images, skipBad, check: 'fields' });
  const vectors = await readEmbeddings(path);
  const there = views.filter((view) => vectors[view] !== undefined);
  say(io, `embeddings: ${there.join(', ')} of ${vectors.ids.length} items, ${vectors.dimension} numbers each`);
  const { benchmark, embeddings, notCounted } = benchmarkEmbeddings(whole, vectors, {
    ...(fuse === undefined ? {} : { fuse }),
    ...(normalize === undefined ? {} : { normalize }),
  });
  if (notCounted.length > 0) say(io, `not counted, for want of embeddings: ${notCounted.join(', ')}`);
  return judged(benchmark, embeddings, notCounted, io);
}

async function judged(
  benchmark: Benchmark,
  embeddings: Embeddings,
  notCounted: readonly string[],
  io: Io,
): Promise<BenchmarkReport> {
  const shown = progress(io, 'judging', 'queries');
  const { signal } = io;
  const evaluation = await evaluateBenchmark({ benchmark, embeddings, signal, onProgress: shown.update }).finally(
    shown.end,
  );
  return benchmarkReport(evaluation, notCounted);
}
