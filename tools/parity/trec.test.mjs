import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { judgeRun, ranksOfRelevant, sameStyleCoverageAtK } from '@uniecs/mbeer';
import { describe, expect, it } from 'vitest';

/**
 * @typedef {Record<string, Record<string, number>>} Table
 * @typedef {{ run: Table, qrels: Table, measures: Record<string, number> }} TrecCase
 */

/** @type {{ cases: TrecCase[] }} */
const { cases } = JSON.parse(readFileSync(join(import.meta.dirname, 'fixtures', 'trec.json'), 'utf8'));
const maps = (/** @type {Table} */ table) =>
  new Map(Object.entries(table).map(([query, documents]) => [query, new Map(Object.entries(documents))]));

/** The measures of ours by the names of the fixture. @param {TrecCase} of */
function ours({ run, qrels }) {
  const { measures } = judgeRun(maps(run), maps(qrels));
  const ranks = Object.entries(qrels).map(([query, judged]) => {
    const found = Object.keys(run[query] ?? {});
    const relevant = Object.keys(judged).filter((name) => (judged[name] ?? 0) > 0);
    const places = relevant.map((name) => found.indexOf(name)).filter((place) => place >= 0);
    const own = Array.from(ranksOfRelevant(Object.values(run[query] ?? {}), places));
    return [...own, ...Array(relevant.length - own.length).fill(Number.POSITIVE_INFINITY)];
  });
  const coverage = [1, 5, 10].map((k) => [`SCR@${k}`, sameStyleCoverageAtK(ranks, k)]);
  return { .../** @type {Record<string, number>} */ (measures), ...Object.fromEntries(coverage) };
}

describe('measures of runs', () => {
  it.each(cases.map((one, i) => [i, one]))('are trec_eval’s to 1e-12: case %i', (_, one) => {
    const found = ours(/** @type {TrecCase} */ (one));
    const { measures } = /** @type {TrecCase} */ (one);
    expect(Object.keys(found).sort()).toEqual(Object.keys(measures).sort());
    for (const [name, value] of Object.entries(measures)) {
      expect(Math.abs(found[name] - value), name).toBeLessThanOrEqual(1e-12);
    }
  });

  it('are other ones where two documents change places', () => {
    const one = /** @type {TrecCase} */ (cases[1]);
    const query = Object.keys(one.run).find((name) =>
      Object.keys(one.qrels[name] ?? {}).some((d) => one.run[name]?.[d]),
    );
    const run = structuredClone(one.run);
    const own = /** @type {Record<string, number>} */ (run[/** @type {string} */ (query)]);
    const relevant = Object.keys(one.qrels[/** @type {string} */ (query)] ?? {}).filter((d) => own[d] !== undefined);
    const best = Object.keys(own).reduce((a, b) => ((own[a] ?? 0) > (own[b] ?? 0) ? a : b));
    for (const document of relevant) own[document] = (own[best] ?? 0) + 1 + relevant.indexOf(document);
    const changed = ours({ ...one, run });
    expect(Math.abs(Number(changed.MRR) - Number(one.measures.MRR))).toBeGreaterThan(1e-4);
  });
});
