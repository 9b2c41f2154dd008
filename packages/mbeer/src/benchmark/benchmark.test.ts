import { seededRandom, UniecsError } from '@uniecs/tensor';
import { describe, expect, it } from 'vitest';
import type { Embeddings } from '../embeddings.js';
import type { ItemVectors } from '../item-vectors.js';
import { type Benchmark, type BenchmarkTask, benchmarkWithout, checkBenchmark } from './benchmark.js';
import { benchmarkEmbeddings } from './benchmark-embeddings.js';
import { benchmarkReport, formatBenchmarkTable } from './benchmark-report.js';
import { evaluateBenchmark } from './evaluate-benchmark.js';

const [images, queries, dimension] = [37, 13, 5];

/** 37 images, 13 composed queries of one to three relevant images, one task over all images and one over some. */
function benchmark(): Benchmark {
  const random = seededRandom('benchmark');
  const whole = (below: number) => Math.floor(random.uniform() * below);
  const items = [
    ...Array.from({ length: images }, (_, i) => ({ id: `i${i}`, image: `/${i}.jpg` })),
    ...Array.from({ length: queries }, (_, i) => ({
      ...{ id: `q${i}`, title: `words ${i}`, image: `/${3 * (i % 12)}.jpg`, imageOf: `i${3 * (i % 12)}` },
    })),
  ];
  const task = (name: string, step: number): BenchmarkTask => {
    const candidates = Int32Array.from({ length: Math.ceil(images / step) }, (_, i) => i * step);
    const relevant = Array.from({ length: queries }, (_, i) => {
      const own = new Set(Array.from({ length: 1 + (i % 3) }, () => candidates[whole(candidates.length)] as number));
      return Int32Array.from(own);
    });
    return {
      ...{ name, query: 'fused', candidate: 'image', candidates, relevant },
      queries: Int32Array.from({ length: queries }, (_, i) => images + i),
    };
  };
  return { name: 'own', items, tasks: [task('vt->v all', 1), task('vt->v some', 3)], ks: [1, 7] };
}

function unit(rows: number, seed: string): Float32Array {
  const random = seededRandom(seed);
  const out = Float32Array.from({ length: rows * dimension }, () => random.normal());
  for (let row = 0; row < rows; row++) {
    const own = out.subarray(row * dimension, (row + 1) * dimension);
    const norm = Math.hypot(...own);
    own.forEach((value, k) => {
      own[k] = value / norm;
    });
  }
  return out;
}

function embeddingsOf({ items }: Benchmark): Embeddings {
  const count = items.length;
  return {
    ...{ count, dimension, fused: unit(count, 'f'), image: unit(count, 'v'), text: unit(count, 't') },
    hasImage: items.map(({ image }) => Number(image !== undefined)),
    hasText: items.map((item) => Number('title' in item)),
  };
}

/** Ranks by plain loops in float64: all that score at least as high and are not relevant stand before. */
function naiveRanks({ queries: asked, candidates, relevant }: BenchmarkTask, { fused, image }: Embeddings): number[][] {
  const dot = (query: number, candidate: number) => {
    let sum = 0;
    for (let k = 0; k < dimension; k++) {
      sum += (fused[query * dimension + k] as number) * (image[candidate * dimension + k] as number);
    }
    return Math.fround(sum);
  };
  return Array.from(asked, (query, i) => {
    const right = new Set(relevant[i]);
    const order = [...candidates].sort(
      (a, b) => dot(query, b) - dot(query, a) || Number(right.has(a)) - Number(right.has(b)),
    );
    return order.flatMap((candidate, place) => (right.has(candidate) ? [place + 1] : []));
  });
}

describe('evaluateBenchmark', () => {
  it('is the ranks of plain loops, whatever the blocks, and its report hit@K and recall@K of them', async () => {
    const data = benchmark();
    const embeddings = embeddingsOf(data);
    const told: [number, number][] = [];
    const onProgress = (...now: [number, number]) => void told.push(now);
    const evaluation = await evaluateBenchmark({ benchmark: data, embeddings, blockSize: 5, onProgress });
    const whole = await evaluateBenchmark({ benchmark: data, embeddings });
    const expected = data.tasks.map((task) => naiveRanks(task, embeddings));
    expect(evaluation.results.map(({ ranks }) => ranks.map((own) => [...own]))).toEqual(expected);
    expect(whole.results).toEqual(evaluation.results);
    expect(told.at(-1)).toEqual([2 * queries, 2 * queries]);
    expect(told).toHaveLength(6);
    const report = benchmarkReport(evaluation, ['t->v']);
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    data.tasks.forEach(({ name, candidates }, t) => {
      const ranks = expected[t] as number[][];
      const hit = (k: number) => mean(ranks.map((own) => Number(own.some((rank) => rank <= k))));
      const recall = (k: number) => mean(ranks.map((own) => own.filter((rank) => rank <= k).length / own.length));
      expect(report.tasks[name]).toEqual({
        ...{ 'R@1': hit(1), 'R@7': hit(7), 'recall@1': recall(1), 'recall@7': recall(7) },
        ...{ queries, candidates: candidates.length, relevant: mean(ranks.map(({ length }) => length)) },
      });
    });
    const column = (name: 'R@7' | 'recall@7') => data.tasks.map((task) => report.tasks[task.name]?.[name] as number);
    expect(report.mean['R@7']).toBeCloseTo(mean(column('R@7')), 12);
    expect(report.mean['recall@7']).toBeCloseTo(mean(column('recall@7')), 12);
    expect(report.tasks['t->v']).toMatchObject({ 'R@1': null, queries: 0 });
    expect(report.notCounted).toEqual(['t->v']);
    const table = formatBenchmarkTable(report).split('\n');
    expect(table[0]).toMatch(/^own +R@1 +R@7 +recall@1 +recall@7 +queries +candidates +relevant$/);
    expect(table.at(-1)).toMatch(/R@K is hit@K: any relevant candidate/);
  });

  it('says nothing of shares where every query has one relevant candidate', async () => {
    const data = benchmark();
    const tasks = data.tasks.map((task) => ({ ...task, relevant: task.relevant.map((own) => own.slice(0, 1)) }));
    const report = benchmarkReport(
      await evaluateBenchmark({ benchmark: { ...data, tasks }, embeddings: embeddingsOf(data) }),
    );
    expect(Object.keys(report.mean)).toEqual(['R@1', 'R@7']);
    expect(formatBenchmarkTable(report)).toMatch(/Recall@K where a query has one relevant candidate\.$/);
  });

  it('refuses embeddings of other items, and stops at a signal', async () => {
    const data = benchmark();
    const embeddings = embeddingsOf(data);
    const fewer = {
      ...data,
      items: data.items.slice(0, -1),
      tasks: data.tasks.map((task) => ({
        ...task,
        queries: task.queries.slice(0, 3),
        relevant: task.relevant.slice(0, 3),
      })),
    };
    await expect(evaluateBenchmark({ benchmark: fewer, embeddings })).rejects.toThrow(/of the 49 items of own, got 50/);
    await expect(evaluateBenchmark({ benchmark: data, embeddings, signal: AbortSignal.abort() })).rejects.toMatchObject(
      {
        code: 'interrupted',
      },
    );
  });
});

describe('checkBenchmark', () => {
  const changed = (change: (task: BenchmarkTask) => Partial<BenchmarkTask>): Benchmark => {
    const data = benchmark();
    return { ...data, tasks: data.tasks.map((task) => ({ ...task, ...change(task) })) };
  };
  it.each<[string, RegExp, Benchmark]>([
    [
      'an id twice',
      /each id once, got 'i0' twice/,
      { ...benchmark(), items: [...benchmark().items, { id: 'i0', title: 'x' }] },
    ],
    ['a task twice', /each task once/, changed(() => ({ name: 'same' }))],
    [
      'a query twice',
      /each query of vt->v all once, got 'q0' twice/,
      changed(({ queries: q }) => ({ queries: q.map(() => images) })),
    ],
    [
      'a query without its modality',
      /text of each candidate of vt->v all, got 'i0' without/,
      changed(() => ({ candidate: 'text' })),
    ],
    [
      'a place outside',
      /a query of vt->v all among its 50 items, got item 99/,
      changed(({ queries: q }) => ({ queries: q.map(() => 99) })),
    ],
    [
      'no relevant one',
      /a relevant candidate of query 'q0' of vt->v all, got none/,
      changed(({ relevant }) => ({ relevant: relevant.map(() => new Int32Array()) })),
    ],
    [
      'a relevant one twice',
      /once, got one twice/,
      changed(({ relevant }) => ({ relevant: relevant.map(() => Int32Array.of(0, 0)) })),
    ],
    [
      'one that is no candidate',
      /among the candidates, got item 49/,
      changed(({ relevant }) => ({ relevant: relevant.map(() => Int32Array.of(49)) })),
    ],
    [
      'fewer lists',
      /relevant candidates of all 13 queries of vt->v all, got 1/,
      changed(({ relevant }) => ({ relevant: relevant.slice(0, 1) })),
    ],
  ])('refuses %s', (_, message, data) => {
    expect(() => checkBenchmark(data)).toThrow(message);
  });

  it('lets a sound one pass, and what is left without some items', () => {
    checkBenchmark(benchmark());
    const left = benchmarkWithout(benchmark(), new Set(['i0', 'i9', 'q3']));
    checkBenchmark(left);
    expect(left.items).toHaveLength(47);
    expect(left.tasks[0]?.candidates).toHaveLength(35);
  });
});

describe('benchmarkEmbeddings', () => {
  /** Vectors in another order than the items, by id. */
  function vectorsOf(data: Benchmark, ids: readonly string[], view: 'fused' | 'image' | 'text', from: Float32Array) {
    const place = new Map(data.items.map(({ id }, i) => [id, i]));
    const out = new Float32Array(ids.length * dimension);
    ids.forEach((id, row) => {
      const i = place.get(id) as number;
      out.set(from.subarray(i * dimension, (i + 1) * dimension), row * dimension);
    });
    return { [view]: out };
  }

  it('reads of each item the views of its tasks alone', async () => {
    const data = benchmark();
    const own = embeddingsOf(data);
    const ids = data.items.map(({ id }) => id).reverse();
    const vectors: ItemVectors = {
      ...{ ids, dimension },
      ...vectorsOf(
        data,
        ids,
        'fused',
        own.fused.map((value, i) => (i < images * dimension ? Number.NaN : value)),
      ),
      ...vectorsOf(data, ids, 'image', own.image),
      hasImage: ids.map((id) => Number(id.startsWith('i'))),
    };
    const sides = benchmarkEmbeddings(data, vectors);
    expect(sides.notCounted).toEqual([]);
    const [found, expected] = await Promise.all([
      evaluateBenchmark(sides),
      evaluateBenchmark({ benchmark: data, embeddings: own }),
    ]);
    expect(found.results.map(({ ranks }) => ranks)).toEqual(expected.results.map(({ ranks }) => ranks));
  });

  it('fuses the text of a query with the image of its reference', () => {
    const data = benchmark();
    const own = embeddingsOf(data);
    const ids = data.items.map(({ id }) => id);
    const vectors: ItemVectors = {
      ...{ ids, dimension, image: own.image, text: own.text },
      ...{
        hasImage: ids.map((id) => Number(id.startsWith('i'))),
        hasText: ids.map((id) => Number(id.startsWith('q'))),
      },
    };
    const { embeddings } = benchmarkEmbeddings(data, vectors, { fuse: 'sum' });
    for (let q = 0; q < queries; q++) {
      const reference = 3 * (q % 12);
      const sum = Array.from({ length: dimension }, (_, k) => {
        return (own.image[reference * dimension + k] as number) + (own.text[(images + q) * dimension + k] as number);
      });
      const norm = Math.hypot(...sum);
      const found = embeddings.fused.subarray((images + q) * dimension, (images + q + 1) * dimension);
      sum.forEach((value, k) => {
        expect(found[k]).toBeCloseTo(value / norm, 6);
      });
    }
  });

  it('names what is missing: an item, a view of an item, every view of every task', () => {
    const data = benchmark();
    const own = embeddingsOf(data);
    const ids = data.items.map(({ id }) => id);
    const whole: ItemVectors = { ids, dimension, image: own.image, fused: own.fused };
    const cut = (from: Float32Array) => from.subarray(0, 49 * dimension);
    const fewer = { ids: ids.slice(0, 49), dimension, image: cut(own.image), fused: cut(own.fused) };
    expect(() => benchmarkEmbeddings(data, fewer)).toThrow(
      /for all 50 items that are judged, got none for 1 \('q12'\)/,
    );
    expect(() => benchmarkEmbeddings(data, { ...whole, hasImage: ids.map((id) => Number(id !== 'i4')) })).toThrow(
      /a vector of image of every item that needs one, got 1 without \('i4' in row 4\)/,
    );
    let error: unknown;
    try {
      benchmarkEmbeddings(data, { ids, dimension, text: own.text });
    } catch (thrown) {
      error = thrown;
    }
    expect(UniecsError.isInstance(error) && error.message).toMatch(
      /vectors for vt->v all, vt->v some, got those of text/,
    );
  });
});
