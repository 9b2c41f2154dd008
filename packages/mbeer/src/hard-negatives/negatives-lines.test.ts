import { describe, expect, it } from 'vitest';
import type { Line } from '../line.js';
import { type NegativesHeader, negativesLine, parseNegatives, type QueryNegatives } from './negatives-lines.js';

const header: NegativesHeader = {
  format: 'uniecs hard negatives',
  version: 1,
  pairs: { pairs: 2, sha256: 'ab' },
  scoredBy: { model: 'cd' },
  rules: { count: 3 },
};
const query: QueryNegatives = {
  task: 'vt->vt',
  line: 1,
  query: 'a',
  positive: 'b',
  positiveScore: 0.5,
  negatives: [{ line: 2, id: 'd', score: 0.25, rank: 1 }],
};

async function* linesOf(...texts: (string | Line)[]): AsyncGenerator<Line[]> {
  for (const [i, text] of texts.entries()) yield [typeof text === 'string' ? { line: i + 1, text } : text];
}
const read = (...texts: (string | Line)[]) => parseNegatives(linesOf(...texts), 'n.jsonl');
const [first, second] = [negativesLine(header), negativesLine(query)];
const changed = (changes: object) => JSON.stringify({ ...query, ...changes });

describe('parseNegatives', () => {
  it('reads what negativesLine writes', async () => {
    const other = { ...query, task: 'v->v', negatives: [] };
    expect(await read(first, second, negativesLine(other))).toEqual({ header, queries: [query, other] });
    expect(await read(first)).toEqual({ header, queries: [] });
  });

  it.each<[string, (string | Line)[], string]>([
    ['an empty file', [], 'n.jsonl:1'],
    ['no header', [second], 'no such header in n.jsonl:1'],
    ['a later version', [JSON.stringify({ ...header, version: 2 })], 'no such header'],
    ['no JSON', [first, '{'], 'no JSON'],
    ['an array', [first, '[]'], 'no object in n.jsonl:2'],
    ['null', [first, 'null'], 'no object'],
    [
      'a line that cannot be read',
      [first, { line: 2, reason: 'line is not valid UTF-8' }],
      'not valid UTF-8 in n.jsonl:2',
    ],
    ['a pair twice in a task', [first, second, second], 'a second line for the pair of line 1 in vt->vt in n.jsonl:3'],
    ['a line of 0', [first, changed({ line: 0 })], 'another form in n.jsonl:2'],
    ['no negatives', [first, changed({ negatives: undefined })], 'another form'],
    ['a negative without an id', [first, changed({ negatives: [{ line: 2, score: 1, rank: 1 }] })], 'another form'],
    ['a score that is no number', [first, changed({ positiveScore: '1' })], 'another form'],
  ])('refuses %s, naming file and line', async (_, texts, got) => {
    const error = await read(...texts).catch((error: unknown) => error);
    expect(error).toMatchObject({ code: 'data' });
    expect(String(error)).toContain(got);
  });
});
