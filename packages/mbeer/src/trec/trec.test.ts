import { seededRandom, UniecsError } from '@uniecs/tensor';
import { describe, expect, it } from 'vitest';
import { judgeRun } from './judge-run.js';
import { parseQrels, parseRun } from './read-trec.js';
import { qrelsLine, runLine, trecId } from './write-trec.js';

/** Every measure from the worst order that the scores allow, each by its definition. */
function naive(run: ReturnType<typeof parseRun>, qrels: ReturnType<typeof parseQrels>, k: number) {
  const each = [...qrels].flatMap(([query, judged]) => {
    const relevant = (document: string) => (judged.get(document) ?? 0) > 0;
    const total = [...judged.values()].filter((grade) => grade > 0).length;
    if (total === 0) return [];
    const order = [...(run.get(query) ?? [])]
      .sort(([a, x], [b, y]) => y - x || Number(relevant(a)) - Number(relevant(b)))
      .map(([document]) => relevant(document));
    const places = order.flatMap((is, i) => (is ? [i + 1] : []));
    const top = places.filter((place) => place <= k);
    const gain = (all: readonly number[]) => all.reduce((sum, place) => sum + 1 / Math.log2(place + 1), 0);
    const ideal = Array.from({ length: Math.min(k, total) }, (_, i) => i + 1);
    const precisions = places.map((place, j) => (j + 1) / place);
    return [
      {
        hit: Number(top.length > 0),
        recall: top.length / total,
        nDCG: gain(top) / gain(ideal),
        MRR: places.length > 0 ? 1 / (places[0] as number) : 0,
        MAP: precisions.reduce((sum, precision) => sum + precision, 0) / total,
      },
    ];
  });
  const mean = (name: keyof (typeof each)[number]) => each.reduce((sum, one) => sum + one[name], 0) / each.length;
  return { hit: mean('hit'), recall: mean('recall'), nDCG: mean('nDCG'), MRR: mean('MRR'), MAP: mean('MAP') };
}

describe('judgeRun', () => {
  it('takes the worst order that ties allow, by the definitions', () => {
    const random = seededRandom(2);
    for (let trial = 0; trial < 40; trial++) {
      const documents = Array.from({ length: 3 + random.integer(19) }, (_, i) => `d${i}`);
      const table = (value: () => number, share: number) =>
        new Map(
          Array.from({ length: 7 }, (_, q) => [
            `q${q}`,
            new Map(documents.filter(() => random.uniform() < share).map((document) => [document, value()])),
          ]),
        );
      const run = table(() => random.integer(4), 0.7);
      const qrels = table(() => random.integer(2), 0.5);
      qrels.set('q0', new Map([['d1', 1]]));
      run.set('q0', new Map([['d0', 1]]));
      const { measures } = judgeRun(run, qrels, [3]);
      const expected = naive(run, qrels, 3);
      const found = [measures['hit@3'], measures['recall@3'], measures['nDCG@3'], measures.MRR, measures.MAP];
      const wanted = [expected.hit, expected.recall, expected.nDCG, expected.MRR, expected.MAP];
      for (const [i, value] of wanted.entries()) expect(Math.abs((found[i] as number) - value)).toBeLessThan(1e-12);
    }
  });

  it('counts a query that the run leaves out, and says so', () => {
    const qrels = parseQrels('a 0 x 1\nb 0 x 1\nc 0 x 0\n', 'qrels');
    const judged = judgeRun(parseRun('a Q0 x 1 0.5 tag\nz Q0 x 1 0.5 tag', 'run'), qrels, [1]);
    expect(judged).toMatchObject({ queries: 2, unanswered: 1, measures: { 'hit@1': 0.5, MRR: 0.5 } });
    expect(() => judgeRun(parseRun('z Q0 x 1 1 tag', 'run'), qrels)).toThrow(/2 such queries, none of them in the run/);
    expect(() => judgeRun(new Map(), new Map())).toThrow(/no such query/);
  });
});

describe('TREC files', () => {
  it('come back as they were written, ids with blanks among them', () => {
    const ids = ['plain', 'with blank', 'tab\tand % and ÿ', '12:34'].map((id, i) => trecId(i + 1, id));
    const lines = ids.map((id, i) => runLine(ids[0] as string, id, i + 1, Math.fround(0.9 - i / 7), 'tag'));
    const run = parseRun(`${lines.join('\n')}\n`, 'run');
    const scores = ids.map((id, i) => [id, Math.fround(0.9 - i / 7)] as const);
    expect(run).toEqual(new Map([[ids[0], new Map(scores)]]));
    const qrels = parseQrels(ids.map((id) => qrelsLine(id, id)).join('\r\n'), 'qrels');
    expect([...qrels]).toEqual(ids.map((id) => [id, new Map([[id, 1]])]));
    expect(new Set(ids).size).toBe(4);
  });

  it.each([
    ['a Q0 x 1 0.5', 'run:1'],
    ['a Q0 x 1 0.5 tag more', 'run:1'],
    ['a Q0 x 1 high tag', 'run:1'],
    ['a Q0 x 1 NaN tag', 'run:1'],
    ['\na Q0 x 1 1 t\na Q0 x 2 0 t', 'run:3'],
  ])('refuses %j and names the line', (text, named) => {
    let error: unknown;
    try {
      parseRun(text, 'run');
    } catch (caught) {
      error = caught;
    }
    expect(UniecsError.isInstance(error) && error.code).toBe('data');
    expect(String(error)).toContain(named);
  });
});
