import { UniecsError } from '@uniecs/tensor';
import type { Item } from '../items.js';
import type { Task } from '../tasks.js';

/** An item of a benchmark: a picture or a text to search among, or a query. */
export interface BenchmarkItem extends Item {
  /** The id of the item whose picture this one shows: the reference of a composed query. */
  readonly imageOf?: string;
}

/** A retrieval task over its own queries and candidates. Items are named by their place in the benchmark's `items`. */
export interface BenchmarkTask extends Task {
  readonly queries: Int32Array;
  readonly candidates: Int32Array;
  /** Of each query its relevant candidates: one at least, each once. */
  readonly relevant: readonly Int32Array[];
}

/** A retrieval benchmark as data: whoever embeds its items can be judged on it. */
export interface Benchmark {
  readonly name: string;
  /** Queries and candidates of all tasks, ids unique. */
  readonly items: readonly BenchmarkItem[];
  /** Names unique. */
  readonly tasks: readonly BenchmarkTask[];
  /** The K of its measures. */
  readonly ks: readonly number[];
}

const where = 'checkBenchmark';

/**
 * Throws UniecsError `data` unless ids and task names are unique, every query and candidate is an item that has the modality that its
 * task reads, and every query has relevant candidates, each among the candidates and once.
 */
export function checkBenchmark({ name, items, tasks }: Benchmark): void {
  const fault = (expected: string, got: string) =>
    new UniecsError({ code: 'data', where, expected: `${name} with ${expected}`, got, hint: 'correct the benchmark' });
  const ids = new Set<string>();
  for (const { id } of items) {
    if (ids.has(id)) throw fault('each id once', `'${id}' twice`);
    ids.add(id);
  }
  const names = new Set<string>();
  for (const task of tasks) {
    if (names.has(task.name)) throw fault('each task once', `'${task.name}' twice`);
    names.add(task.name);
    if (task.relevant.length !== task.queries.length) {
      throw fault(
        `relevant candidates of all ${task.queries.length} queries of ${task.name}`,
        `${task.relevant.length}`,
      );
    }
    const candidates = checkSide(task.candidates, task.candidate, 'candidate', task.name);
    checkSide(task.queries, task.query, 'query', task.name);
    task.relevant.forEach((own, i) => {
      const query = `query '${items[task.queries[i] as number]?.id}' of ${task.name}`;
      if (own.length === 0) throw fault(`a relevant candidate of ${query}`, 'none');
      if (new Set(own).size < own.length) throw fault(`each relevant candidate of ${query} once`, 'one twice');
      const other = own.find((place) => !candidates.has(place));
      if (other !== undefined) throw fault(`relevant ones of ${query} among the candidates`, `item ${other}`);
    });
  }

  function checkSide(places: Int32Array, modality: Task['query'], side: string, task: string): Set<number> {
    const seen = new Set<number>();
    for (const place of places) {
      const item = items[place];
      if (!item) throw fault(`a ${side} of ${task} among its ${items.length} items`, `item ${place}`);
      if (seen.has(place)) throw fault(`each ${side} of ${task} once`, `'${item.id}' twice`);
      const has = { image: item.image !== undefined, text: item.title !== undefined, fused: true }[modality];
      if (!has) throw fault(`${modality} of each ${side} of ${task}`, `'${item.id}' without`);
      seen.add(place);
    }
    return seen;
  }
}

/**
 * A benchmark without some of its items, those whose picture is missing say: a candidate leaves its pool, a query goes with its own item
 * or with the last of its relevant candidates.
 */
export function benchmarkWithout(benchmark: Benchmark, ids: ReadonlySet<string>): Benchmark {
  const keptPlaces = benchmark.items.flatMap(({ id }, place) => (ids.has(id) ? [] : [place]));
  const newPlace = new Int32Array(benchmark.items.length).fill(-1);
  keptPlaces.forEach((place, i) => {
    newPlace[place] = i;
  });
  const moved = (places: Int32Array) => places.map((place) => newPlace[place] as number).filter((place) => place >= 0);
  const tasks = benchmark.tasks.map((task): BenchmarkTask => {
    const relevant = task.relevant.map(moved);
    const kept = [...relevant.keys()].filter(
      (i) => (newPlace[task.queries[i] as number] as number) >= 0 && (relevant[i] as Int32Array).length > 0,
    );
    return {
      ...task,
      queries: Int32Array.from(kept, (i) => newPlace[task.queries[i] as number] as number),
      candidates: moved(task.candidates),
      relevant: kept.map((i) => relevant[i] as Int32Array),
    };
  });
  return { ...benchmark, items: keptPlaces.map((place) => benchmark.items[place] as BenchmarkItem), tasks };
}
