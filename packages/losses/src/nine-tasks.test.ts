import '@tensorflow/tfjs-backend-cpu';
import { UniecsError } from '@uniecs/tensor';
import '@uniecs/tensor/testing';
import { describe, expect, it } from 'vitest';
import { type NineTasksOptions, nineTasks, type RetrievalTask, retrievalTasks } from './nine-tasks.js';
import { mean, type NaiveTerm, naiveContrast } from './testing/naive.js';
import {
  evaluate,
  expectToMatch,
  gappyPairs,
  identicalPairs,
  type PlainPairs,
  randomPairs,
  views,
} from './testing/pairs.js';

const letters = { image: 'v', text: 't', fused: 'vt' } as const;
const allNine = views.flatMap((a) => views.map((b) => [a, b] as const));

/** Each task by itself, each value as often as its weight says. */
function oracle(options: NineTasksOptions) {
  const naive = { ...options, symmetric: options.symmetric ?? true, tau: (options.temperature as number) ?? 0.07 };
  const { tasks, imageSideWeight = 1 } = options;
  return ({ item1, item2 }: PlainPairs): NaiveTerm => {
    const parts = allNine
      .filter(([a, b]) => tasks?.includes(`${letters[a]}->${letters[b]}`) ?? true)
      .map(([a, b]) => ({
        ...naiveContrast(item1, a, item2, b, naive),
        weight: a === 'image' || b === 'image' ? imageSideWeight : 1,
      }));
    const rows = item1.productId.map((_, i) =>
      parts.flatMap(({ values, weight }) => (values[i] === undefined ? [] : [{ value: values[i], weight }])),
    );
    const average = (values: { value: number; weight: number }[]) => {
      let [total, weights] = [0, 0];
      for (const { value, weight } of values) {
        total += weight * value;
        weights += weight;
      }
      return weights === 0 ? 0 : total / weights;
    };
    return {
      loss: average(rows.flat()),
      perAnchor: rows.map(average),
      anchors: rows.filter((values) => values.length > 0).length,
      maskedNegatives: parts.reduce((total, { masked }) => total + masked, 0),
    };
  };
}

const choices: NineTasksOptions[] = [
  {},
  { symmetric: false, temperature: 0.2 },
  { maskFalseNegatives: true },
  { tasks: ['vt->vt'] },
  { tasks: ['vt->v', 't->t', 'v->t'], maskFalseNegatives: true },
  { imageSideWeight: 3 },
  { imageSideWeight: 0.1 },
  { imageSideWeight: 0.25, tasks: ['vt->t', 'v->vt'], symmetric: false },
];

describe.each(choices)('TASKS with %o', (options) => {
  it('averages InfoNCE over the tasks', () => {
    expectToMatch(nineTasks(options), oracle(options), randomPairs(61));
  });
  it('leaves out what does not exist', () => expectToMatch(nineTasks(options), oracle(options), gappyPairs(62)));
});

describe('TASKS', () => {
  const loss = (options: NineTasksOptions, pairs: PlainPairs) => evaluate(nineTasks(options), pairs).loss;

  it('has the nine tasks of the benchmark, and trains all of them by default', () => {
    expect([...retrievalTasks].sort()).toEqual(allNine.map(([a, b]) => `${letters[a]}->${letters[b]}`).sort());
    const pairs = randomPairs(63);
    const alone = retrievalTasks.map((task) => loss({ tasks: [task] }, pairs));
    expect(loss({}, pairs)).toBeCloseToArray(mean(alone), { relative: 1e-5 });
    expect(loss({ tasks: [...retrievalTasks].reverse() }, pairs)).toBe(loss({}, pairs));
  });

  it('of fused against fused alone trains no other representation', () => {
    const { gradient } = evaluate(nineTasks({ tasks: ['vt->vt'] }), randomPairs(64));
    const size = gradient.length / 6;
    const moved = [0, 1, 2, 3, 4, 5].map((i) => gradient.subarray(i * size, (i + 1) * size).some((x) => x !== 0));
    expect(moved).toEqual([true, false, false, true, false, false]);
  });

  it('stays an average whatever the weight of image-only sides', () => {
    // Every task has the same value: log N.
    for (const imageSideWeight of [0.01, 0.3, 1, 7]) {
      expect(loss({ imageSideWeight }, identicalPairs())).toBeCloseToArray(Math.log(7), { relative: 1e-5 });
    }
    // A single anchor, of a task with an image-only side.
    const pairs = gappyPairs(65);
    for (const item of [pairs.item1, pairs.item2]) {
      for (const view of views) item.valid[view] = [0, 1, 0, 0, 0, 0, 0];
    }
    pairs.item1.valid.fused = pairs.item1.valid.text = pairs.item2.valid.fused = [1, 0, 1, 1, 1, 1, 1];
    expectToMatch(nineTasks({ imageSideWeight: 0.01 }), oracle({ imageSideWeight: 0.01 }), pairs);
  });

  it('is between the tasks with an image-only side and the others, nearer to those as their weight grows', () => {
    const pairs = randomPairs(66);
    const sided = retrievalTasks.filter((task) => task.split('->').includes('v'));
    expect(sided).toEqual(['v->v', 'v->t', 'v->vt', 't->v', 'vt->v']);
    const others = retrievalTasks.filter((task) => !sided.includes(task));
    const [image, rest] = [loss({ tasks: sided }, pairs), loss({ tasks: others }, pairs)];
    for (const w of [0.2, 1, 5]) {
      const expected = (5 * w * image + 4 * rest) / (5 * w + 4);
      expect(loss({ imageSideWeight: w }, pairs)).toBeCloseToArray(expected, { relative: 1e-5 });
    }
  });

  it.each<[NineTasksOptions, string]>([
    [{ tasks: [] }, "nineTasks: expected tasks to be one or more of 'v->v', 'v->t', 'v->vt', 't->v', "],
    [{ tasks: ['v->x' as RetrievalTask] }, "each once, got 'v->x'; correct the option tasks"],
    [{ tasks: ['t->t', 'vt->vt', 't->t'] }, "each once, got 't->t'"],
    [{ imageSideWeight: 0 }, 'nineTasks: expected imageSideWeight to be a number above 0, got 0'],
    [{ imageSideWeight: Number.POSITIVE_INFINITY }, 'expected imageSideWeight to be a number above 0, got Infinity'],
  ])('refuses %o', (options, message) => {
    expect(() => nineTasks(options)).toThrow(UniecsError);
    expect(() => nineTasks(options)).toThrow(message);
  });
});
