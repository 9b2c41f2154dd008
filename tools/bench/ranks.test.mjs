import { expect, it } from 'vitest';
import { measureRanks, ranksTable } from './measure-ranks.mjs';
import { betweenMarks } from './publish.mjs';

it('times the ranks of both kinds of vectors on our side, finds them equal to plain scores', async () => {
  /** @type {string[]} */
  const told = [];
  const results = await measureRanks({
    ...{ pairs: 210, dimension: 24, tasks: 2, rounds: 1, threads: 1 },
    kinds: ['near', 'unrelated'],
    tell: (what) => told.push(what),
  });
  expect(results.rows.map(({ kind, tasks, checked, wrong }) => ({ kind, tasks, checked, wrong }))).toEqual([
    { kind: 'near', tasks: 2, checked: 200, wrong: 0 },
    { kind: 'unrelated', tasks: 1, checked: 100, wrong: 0 },
  ]);
  const [near, unrelated] = results.rows;
  expect(Math.min(...(near?.hitsAt10 ?? []))).toBeGreaterThan(100);
  expect(Math.max(...(unrelated?.hitsAt10 ?? []))).toBeLessThan(50);
  const [header, ...body] = ranksTable(results);
  expect(body).toHaveLength(2);
  for (const row of body) expect(row).toHaveLength(header?.length ?? 0);
  expect(told).toHaveLength(2 + 3);
}, 60_000);

it('puts a table between its own marks alone', () => {
  const page = 'a\n<!-- first -->\nold\n<!-- last -->\nb\n<!-- other -->';
  expect(betweenMarks(page, 'first', 'last', 'new')).toBe(
    'a\n<!-- first -->\n\nnew\n\n<!-- last -->\nb\n<!-- other -->',
  );
  expect(() => betweenMarks(page, 'last', 'first', 'new')).toThrow(/expected the marks/);
});
