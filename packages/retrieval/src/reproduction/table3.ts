import { createHash } from 'node:crypto';
import {
  type Benchmark,
  type BenchmarkReport,
  type BenchmarkValues,
  benchmarkEmbeddings,
  benchmarkReport,
  evaluateBenchmark,
} from '@uniecs/mbeer';
import { namedParameters, UniecsError } from '@uniecs/tensor';
import { imagesDigest } from '../data/images-digest.js';
import { itemMark } from '../data/item-mark.js';
import type { ConfigOf } from '../training/assemble-run.js';
import { configOfSettings } from '../training/train.js';
import { keptResult } from './kept-result.js';
import { type Method, table1Methods } from './methods.js';
import { methodsToTrain, type ReadyModel, readyModels } from './model-folders.js';
import { withModelFolder } from './open-model.js';
import type { ReproduceOptions } from './reproduce-options.js';
import type { Reproduced } from './reproduced.js';
import { checkReproductionFolder, writeReproduction } from './reproduction-folder.js';
import { type DataDigest, ofGrid, reproductionManifest } from './reproduction-manifest.js';
import { type ImportedEmbeddings, paperName } from './table1.js';
import { importedMethods } from './table1-report.js';
import { table3Page } from './table3-page.js';
import { type MeasuredBenchmarks, type Table3Report, table3Report } from './table3-report.js';

/** What Table 3 is made with. `evaluation` and `split` are those of the training; without one they play no part. */
export interface Table3Options extends ReproduceOptions {
  /** Fashion200K, FashionIQ, or one of the two; others get columns of their own. */
  readonly benchmarks: readonly Benchmark[];
  /** A file serves the benchmarks of which it has items; a method may have a file for each. */
  readonly embeddings?: readonly ImportedEmbeddings[];
}

/**
 * Table 3: Fashion200K and FashionIQ by method. The methods of Table 1 are judged as they are, on benchmarks that they were not trained
 * on: trained in `out` where there are pairs to train on, or given as folders; embeddings of others are imported. What nobody brings keeps
 * an empty row. The paper's own figures stand beside, in columns of their own.
 *
 * @throws UniecsError as `readyModels` and `benchmarkEmbeddings`; `argument` without a benchmark, for embeddings that have items of none,
 *   or by the name of a model
 */
export function reproduceTable3(options: Table3Options): Promise<Reproduced<Table3Report>> {
  return reproduceTable3With(options, configOfSettings);
}

/** `reproduceTable3` for models of any configuration. */
export async function reproduceTable3With(
  options: Table3Options,
  configOf: ConfigOf,
): Promise<Reproduced<Table3Report>> {
  const { out, benchmarks, given = [], training, device } = options;
  const embeddings = (options.embeddings ?? []).map((one) => ({ ...one, name: paperName(one.name) }));
  await checkReproductionFolder(out);
  if (benchmarks.length === 0) {
    throw fault('a benchmark', 'none', 'give --fashion200k DIR, --fashioniq DIR, or both');
  }
  const names = [...new Set([...table1Methods, ...given].map(({ name }) => name))];
  // What the files hold is checked before anything is trained.
  const imported = await importedRows(embeddings, benchmarks, names, options.signal);
  const methods: readonly Method[] = training
    ? table1Methods
    : table1Methods.filter(({ name }) => given.some((model) => model.name === name));
  const ready = await readyModels(options, methods, configOf);
  const judgesModels = ready.models.length > 0;
  const data: Record<string, DataDigest> = { ...ready.trained?.grid.data };
  for (const benchmark of benchmarks) data[benchmark.name] = await benchmarkDigest(benchmark, judgesModels);
  const judged: MeasuredBenchmarks[] = [];
  for (const name of names) {
    const own = ready.models.filter((model) => model.name === name);
    if (own.length > 0) judged.push(await judgeModels(name, own, data, options));
  }
  const toTrain = methodsToTrain(table1Methods, given).map(({ name }) => name);
  const report = table3Report({
    benchmarks,
    methods: names,
    measured: [...judged, ...imported],
    manifest: reproductionManifest({
      ...(device && judgesModels ? { device } : {}),
      ...(ready.trained ? ofGrid(ready.trained.grid) : {}),
      ...{ data, models: ready.models.map(({ path: _, ...model }) => model) },
      embeddings: embeddings.map(({ name, file, sha256, vectors }) => ({
        ...{ name, file, sha256, items: vectors.ids.length, dimension: vectors.dimension },
      })),
    }),
    missing: (name) =>
      importedMethods.includes(name)
        ? `import embeddings: --embeddings ${name}=FILE`
        : `give --model '${name}=DIR'${toTrain.includes(name) ? ', or --train and --val' : ''}`,
  });
  const files = await writeReproduction(out, 'table3', report, table3Page(report));
  return { report, files, ...(ready.trained ? { training: ready.trained.outcome } : {}) };
}

/** The figures of a benchmark: by task, and under `vt->v` the mean of tasks that are parts of it. */
export function benchmarkRows({ tasks, mean }: BenchmarkReport): Record<string, BenchmarkValues> {
  const parts = Object.keys(tasks).map((name) => name.split(' ', 1)[0] as string);
  const [whole] = parts;
  const ofOne = whole !== undefined && !Object.hasOwn(tasks, whole) && parts.every((part) => part === whole);
  return { ...(ofOne ? { [whole]: mean } : {}), ...tasks };
}

async function judgeModels(
  name: string,
  models: readonly ReadyModel[],
  data: Readonly<Record<string, DataDigest>>,
  options: Table3Options,
): Promise<MeasuredBenchmarks> {
  const { out, benchmarks, signal, onMeasure } = options;
  const found = [];
  for (const [i, { path, weights }] of models.entries()) {
    const key = { weights, data: Object.fromEntries(benchmarks.map((one) => [one.name, data[one.name]])) };
    const result = await keptResult(out, `table3 ${name} ${i + 1}`, key, () =>
      withModelFolder(path, options, async (embedder, { model }) => {
        const recall: Record<string, Record<string, BenchmarkValues>> = {};
        for (const benchmark of benchmarks) {
          const onProgress = (done: number, total: number) => onMeasure?.({ name, what: 'items', done, total });
          const embeddings = await embedder.embed(benchmark.items, { signal, onProgress });
          const evaluation = await evaluateBenchmark({ benchmark, embeddings, signal });
          recall[benchmark.name] = benchmarkRows(benchmarkReport(evaluation));
        }
        const parameters = [...namedParameters(model).values()].reduce((sum, { size }) => sum + size, 0);
        return { recall, parameters, dimension: embedder.dimension };
      }),
    );
    found.push(result);
  }
  const [first] = found as [(typeof found)[number]];
  return {
    ...{ name, kind: models[0]?.seed === undefined ? 'given' : 'trained', dimension: first.dimension },
    parameters: first.parameters,
    runs: found.map(({ recall }, i) => ({ seed: models[i]?.seed, from: (models[i] as ReadyModel).folder, recall })),
  };
}

/** A row for each method of which there are embeddings. */
async function importedRows(
  embeddings: readonly ImportedEmbeddings[],
  benchmarks: readonly Benchmark[],
  taken: readonly string[],
  signal: AbortSignal | undefined,
): Promise<MeasuredBenchmarks[]> {
  const rows = new Map<string, MeasuredBenchmarks>();
  for (const { name, file, vectors, fuse, normalize } of embeddings) {
    if (taken.includes(name)) {
      throw fault('embeddings by names of their own', `'${name}', which is trained or given`, 'give them another name');
    }
    const ids = new Set(vectors.ids);
    const served = benchmarks.filter(({ items }) => items.some(({ id }) => ids.has(id)));
    if (served.length === 0) {
      const got = `none among the ${vectors.ids.length} of ${file}`;
      throw fault(`items of ${benchmarks.map((one) => one.name).join(' or ')}`, got, 'compare how the ids are written');
    }
    const before = rows.get(name)?.runs[0];
    const recall: Record<string, Record<string, BenchmarkValues>> = { ...before?.recall };
    for (const whole of served) {
      if (recall[whole.name]) throw fault(`one file of ${name} for ${whole.name}`, 'two', 'leave one out');
      const {
        benchmark,
        embeddings: own,
        notCounted,
      } = benchmarkEmbeddings(whole, vectors, {
        ...(fuse && !vectors.fused ? { fuse } : {}),
        ...(normalize ? { normalize } : {}),
      });
      const evaluation = await evaluateBenchmark({ benchmark, embeddings: own, signal });
      recall[whole.name] = benchmarkRows(benchmarkReport(evaluation, notCounted));
    }
    const from = before ? `${before.from}, ${file}` : file;
    rows.set(name, {
      name,
      kind: 'imported',
      dimension: vectors.dimension,
      parameters: null,
      runs: [{ from, recall }],
    });
  }
  return [...rows.values()];
}

/** A benchmark by content: `pairs` counts queries with each of their relevant candidates. */
async function benchmarkDigest({ items, tasks }: Benchmark, pictures: boolean): Promise<DataDigest> {
  const hash = createHash('sha256');
  for (const item of items) hash.update(JSON.stringify(itemMark(item)));
  let pairs = 0;
  for (const { name, query, candidate, queries, candidates, relevant } of tasks) {
    hash.update(JSON.stringify([name, query, candidate, [...queries], [...candidates]]));
    for (const own of relevant) {
      hash.update(`${own.join(' ')}\n`);
      pairs += own.length;
    }
  }
  const asPairs = () => items.map((item) => ({ line: 0, item1: item, item2: item, tag: 1 }));
  return { pairs, sha256: hash.digest('hex'), ...(pictures ? { images: await imagesDigest(asPairs()) } : {}) };
}

function fault(expected: string, got: string, hint: string): UniecsError {
  return new UniecsError({ code: 'argument', where: 'reproduce', expected, got, hint });
}
