import { seededRandom } from '@uniecs/tensor';
import { describe, expect, it } from 'vitest';
import { evaluateTasks } from './evaluate-tasks.js';
import { formatTaskTable } from './format-task-table.js';
import type { ItemVectors } from './item-vectors.js';
import type { Item, Pair } from './items.js';
import { pairEmbeddings } from './pair-embeddings.js';
import { evaluationReport } from './report.js';
import { tasks } from './tasks.js';

const dimension = 7;
const count = 13;

/** Products p0, p1, ...: every fifth without an image, of the others every seventh without a title. */
function item(i: number): Item {
  const image = i % 5 !== 0;
  return { id: `p${i}`, ...(image ? { image: `${i}.jpg` } : {}), ...(image && i % 7 === 0 ? {} : { title: `t${i}` }) };
}
const pairs: Pair[] = Array.from({ length: count }, (_, i) => ({
  line: i + 1,
  item1: item(2 * i),
  item2: item(2 * i + 1),
  tag: 1,
}));
const items = [...pairs.map(({ item1 }) => item1), ...pairs.map(({ item2 }) => item2)];

/** Vectors of norm 1 of more products than the pairs have, in an order of their own. */
function vectors(seed = 1): Required<ItemVectors> {
  const random = seededRandom(seed);
  const ids = Array.from(random.permutation(2 * count + 4), (i) => `p${i}`);
  const matrix = () =>
    Float32Array.from(
      ids.flatMap(() => {
        const row = Array.from({ length: dimension }, () => random.normal());
        return row.map((value) => value / Math.hypot(...row));
      }),
    );
  const number = (id: string) => item(Number(id.slice(1)));
  return {
    ids,
    dimension,
    fused: matrix(),
    image: matrix(),
    text: matrix(),
    hasImage: ids.map((id) => Number(number(id).image !== undefined)),
    hasText: ids.map((id) => Number(number(id).title !== undefined)),
  };
}

const rowOf = ({ ids }: ItemVectors, id: string) => ids.indexOf(id);
const row = (matrix: Float32Array, i: number) => Array.from(matrix.subarray(i * dimension, (i + 1) * dimension));

describe('pairEmbeddings', () => {
  it('gives each side the rows of its items by id, to the bit', () => {
    const given = vectors();
    const { query, candidate, tasks: counted, notCounted } = pairEmbeddings(pairs, given);
    expect([counted, notCounted]).toEqual([tasks, []]);
    for (const [side, which] of [
      [query, 'item1'],
      [candidate, 'item2'],
    ] as const) {
      expect(side).toMatchObject({ count, dimension });
      pairs.forEach((pair, i) => {
        const own = pair[which];
        const at = rowOf(given, own.id);
        expect(row(side.fused, i)).toEqual(row(given.fused, at));
        if (own.image !== undefined) expect(row(side.image, i)).toEqual(row(given.image, at));
        if (own.title !== undefined) expect(row(side.text, i)).toEqual(row(given.text, at));
        expect([side.hasImage[i], side.hasText[i]]).toEqual([own.image, own.title].map((x) => Number(x !== undefined)));
      });
    }
  });

  it('an item has the modalities that the pairs say, so the queries do not depend on the vectors', async () => {
    const { hasImage: _, hasText: __, ...all } = vectors();
    const { query, candidate } = pairEmbeddings(pairs, all);
    const { results } = await evaluateTasks({ query, candidate });
    const images = pairs.filter(({ item1, item2 }) => item1.image !== undefined && item2.image !== undefined).length;
    expect(images).toBeLessThan(count);
    expect(results.find(({ task }) => task.name === 'v->v')?.queryRows).toHaveLength(images);
  });

  it('tasks without a view are not counted, and the report and the table say so', async () => {
    const { ids, image, text } = vectors();
    const { query, candidate, tasks: counted, notCounted } = pairEmbeddings(pairs, { ids, dimension, image, text });
    expect(counted.map(({ name }) => name)).toEqual(['t->t', 't->v', 'v->t', 'v->v']);
    const report = evaluationReport(await evaluateTasks({ query, candidate, tasks: counted }), notCounted);
    expect(Object.keys(report.tasks)).toEqual(tasks.map(({ name }) => name));
    expect(report.notCounted).toEqual(['t->vt', 'v->vt', 'vt->t', 'vt->v', 'vt->vt']);
    expect(report.tasks['t->vt']).toEqual({ 'R@1': null, 'R@5': null, 'R@10': null, queries: 0, candidates: 0 });
    const mean = counted.reduce((sum, { name }) => sum + (report.tasks[name]?.['R@10'] ?? Number.NaN), 0) / 4;
    expect(report.mean['R@10']).toBeCloseTo(mean, 12);
    const lines = formatTaskTable(report).split('\n');
    expect(lines.find((line) => line.startsWith('vt->t '))?.split(/\s+/)).toEqual(['vt->t', '-', '-', '-', '0', '0']);
    expect(lines.at(-1)).toMatch(/^mean of the 4 counted +\d/);
    const whole = pairEmbeddings(pairs, vectors());
    expect(evaluationReport(await evaluateTasks(whole), whole.notCounted)).not.toHaveProperty('notCounted');
  });

  it('fuse: the normalised sum of image and text, of one alone that one', () => {
    const { fused: _, ...given } = vectors();
    const { query, candidate, notCounted } = pairEmbeddings(pairs, given, { fuse: 'sum' });
    expect(notCounted).toEqual([]);
    const expected = items.map(({ id, image, title }) => {
      const at = rowOf(given, id);
      const zero = new Array<number>(dimension).fill(0);
      const [v, t] = [image ? row(given.image, at) : zero, title ? row(given.text, at) : zero];
      const sum = v.map((value, k) => value + (t[k] ?? 0));
      return sum.map((value) => value / Math.hypot(...sum));
    });
    expect(Array.from([...query.fused, ...candidate.fused])).toEqual(
      expected.flat().map((value) => expect.closeTo(value, 6)),
    );
  });

  it('fuse refuses what is fused already, and a view alone', () => {
    const given = vectors();
    expect(() => pairEmbeddings(pairs, given, { fuse: 'sum' })).toThrow(/no fused vectors where they are to be made/);
    const { ids, text } = given;
    expect(() => pairEmbeddings(pairs, { ids, dimension, text }, { fuse: 'sum' })).toThrow(/those of text alone/);
    const opposed = { ids, dimension, text, image: text.map((value) => -value) };
    const both = items.filter((own) => own.image !== undefined && own.title !== undefined).length;
    expect(() => pairEmbeddings(pairs, opposed, { fuse: 'sum' })).toThrow(`got ${both} that do ('p`);
  });

  it('a vector of another norm is an error that names id and row; normalize divides by it', () => {
    const given = vectors();
    const at = rowOf(given, 'p3');
    const scaled = {
      ...given,
      text: given.text.map((value, k) => (Math.floor(k / dimension) === at ? 2 * value : value)),
    };
    expect(() => pairEmbeddings(pairs, scaled)).toThrow(
      `expected vectors of text of norm 1, got 1 that are not ('p3' in row ${at} has norm 2); normalise them`,
    );
    const { candidate } = pairEmbeddings(pairs, scaled, { normalize: true });
    expect(row(candidate.text, 1)).toEqual(row(given.text, at).map((value) => expect.closeTo(value, 6)));
    const zero = { ...given, text: given.text.map((value, k) => (Math.floor(k / dimension) === at ? 0 : value)) };
    expect(() => pairEmbeddings(pairs, zero, { normalize: true })).toThrow('has norm 0); a vector of zeros');
  });

  it('what 16 bits leave of a norm passes', () => {
    const given = vectors();
    const rough = { ...given, fused: given.fused.map((value) => value * 1.0005) };
    expect(pairEmbeddings(pairs, rough).notCounted).toEqual([]);
  });

  it('NaN is an error where it is read, with the id and the row', () => {
    const given = vectors();
    const at = rowOf(given, 'p4');
    given.fused[at * dimension + 2] = Number.NaN;
    expect(() => pairEmbeddings(pairs, given)).toThrow(
      `finite vectors of fused, got 1 that are not ('p4' in row ${at} has NaN)`,
    );
    const other = vectors();
    other.fused.fill(Number.NaN, rowOf(other, 'p27') * dimension, (rowOf(other, 'p27') + 1) * dimension);
    expect(pairEmbeddings(pairs, other).notCounted).toEqual([]);
  });

  it('ids that are missing are counted, and the first few named', () => {
    const given = vectors();
    const foreign = { ...given, ids: given.ids.map((id) => (Number(id.slice(1)) < 8 ? `0${id}` : id)) };
    expect(() => pairEmbeddings(pairs, foreign)).toThrow(
      "expected vectors for all 26 items that are judged, got none for 8 ('p0', 'p2', 'p4', 'p6', 'p1', …)",
    );
  });

  it('ids that repeat are refused', () => {
    const given = vectors();
    const ids = given.ids.map((id) => (id === 'p1' ? 'p2' : id));
    expect(() => pairEmbeddings(pairs, { ...given, ids })).toThrow("got 1 of 29 that repeat ('p2')");
  });

  it('an item that has an image, but no vector of it, is an error and no query less', () => {
    const given = vectors();
    const hasImage = given.ids.map((id, i) => (id === 'p1' ? 0 : (given.hasImage[i] as number)));
    expect(() => pairEmbeddings(pairs, { ...given, hasImage })).toThrow(
      `a vector of image of every item that needs one, got 1 without ('p1' in row ${rowOf(given, 'p1')})`,
    );
  });

  it.each([
    ['no view', { fused: undefined, image: undefined, text: undefined }, 'argument'],
    ['a dimension of 0', { dimension: 0 }, 'argument'],
    ['a matrix of the wrong size', { text: new Float32Array(5) }, 'shape'],
    ['a mask of the wrong size', { hasText: [1] }, 'shape'],
  ])('refuses %s', (_, wrong, code) => {
    const given = { ...vectors(), ...wrong } as ItemVectors;
    expect(() => pairEmbeddings(pairs, given)).toThrow(expect.objectContaining({ code }));
  });
});
