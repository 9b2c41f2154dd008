import { type Evaluation, evaluationReport, pairedBootstrap, recallAtK, recallMeaning, tasks } from '@uniecs/mbeer';
import { seededRandom } from '@uniecs/tensor';
import { describe, expect, it } from 'vitest';
import { ablationPage } from './ablation-page.js';
import { ablationReport, type CellOnDisk } from './ablation-report.js';
import { ablationTable } from './ablation-table.js';
import type { CellResult } from './cell-files.js';
import type { Arm } from './grid.js';
import type { StoredGrid } from './grid-folder.js';
import { figure6Arms, table4Arms } from './ready-made-arms.js';
import { reportRows } from './recall-rows.js';

const pairs = 67;

/** Ranks that are better the higher the skill; every fourth pair lacks what an image-only side needs. */
function evaluationOf(seed: string, skill: number): Evaluation {
  const random = seededRandom(seed);
  const results = tasks.map((task) => {
    const needsImage = task.query === 'image' || task.candidate === 'image';
    const queryRows = Int32Array.from({ length: pairs }, (_, row) => row).filter((row) => !needsImage || row % 4 !== 1);
    const ranks = Int32Array.from(queryRows, () => (random.uniform() < skill ? 1 : 1 + random.integer(30)));
    return { task, queryRows, ranks, candidates: pairs, recall: [1, 5, 10].map((k) => recallAtK(ranks, k)) };
  });
  return { pairs, ks: [1, 5, 10], results };
}

function finished(arm: string, seed: number, skill: number, more: Partial<CellResult> = {}): CellOnDisk {
  const result = {
    ...{ version: 1, arm, seed, fingerprint: '', settings: {}, parameters: 1234, steps: 30, skipped: 0 },
    ...{ stoppedEarly: false, best: { value: 0.5, step: 20 }, device: 'cpu', versions: { node: '20' } },
    ...{ finishedAt: '', pairs, candidates: {}, seconds: 12.34, ...more },
  } as unknown as CellResult;
  const folder = `cells/${arm}-${seed}`;
  return { arm, seed, folder, status: 'finished', result, evaluation: evaluationOf(`${arm} ${seed}`, skill) };
}

const digest = { pairs, sha256: 'abc', images: { files: 3, bytes: 4, unreadable: 0, sha256: 'def' } };
const gridOf = (arms: readonly Arm[], changes: Partial<StoredGrid> = {}): StoredGrid => ({
  ...{ version: 1, base: { epochs: 3 }, arms, seeds: [7, 8], baseline: arms[0]?.name ?? '', terms: [], split: 'test' },
  data: { train: digest, validation: digest, evaluation: digest },
  ...changes,
});

const arms = table4Arms();
const skills: Record<string, number> = { full: 0.6, 'without CMAL': 0.2 };
const cells = arms.flatMap(({ name }) => [7, 8].map((seed) => finished(name, seed, skills[name] ?? 0.55)));
const report = ablationReport(gridOf(arms), cells);
const evaluationsOf = (arm: string) =>
  cells.flatMap((cell) => (cell.arm === arm && cell.status === 'finished' ? [cell.evaluation] : []));

describe('ablationReport', () => {
  it('has means and standard deviations over seeds of every task and mean', () => {
    for (const { name, mean, deviation } of report.arms) {
      const reports = evaluationsOf(name).map((one) => evaluationReport(one));
      const values: [string, number[]][] = [
        ['v->t', reports.map(({ tasks: all }) => all['v->t']?.['R@5'] as number)],
        ['mean', reports.map((one) => one.mean['R@5'] as number)],
      ];
      for (const [row, [a = 0, b = 0]] of values) {
        expect(mean?.[row]?.['R@5']).toBeCloseTo((a + b) / 2, 12);
        expect(deviation?.[row]?.['R@5']).toBeCloseTo(Math.abs(a - b) / Math.SQRT2, 12);
      }
    }
  });

  it('has differences from the baseline that are those of the means, with the interval of the bootstrap', () => {
    const [full, cmal] = report.arms;
    expect(full?.difference).toBeNull();
    for (const row of reportRows) {
      const [a, b] = [cmal?.mean?.[row]?.['R@10'] as number, full?.mean?.[row]?.['R@10'] as number];
      expect(cmal?.difference?.[row]?.['R@10']?.difference).toBeCloseTo(a - b, 12);
    }
    const [system, baseline] = [evaluationsOf('without CMAL'), evaluationsOf('full')];
    const interval = pairedBootstrap({ system, baseline }).mean?.['R@10'];
    expect(cmal?.difference?.mean?.['R@10']).toMatchObject(interval ?? {});
    expect(interval?.high).toBeLessThan(0);
    const perSeed = [0, 1].map((i) => {
      const of = (all: readonly Evaluation[]) => evaluationReport(all[i] as Evaluation).mean['R@10'] as number;
      return of(system) - of(baseline);
    });
    const [a = 0, b = 0] = perSeed;
    expect(cmal?.difference?.mean?.['R@10']?.deviation).toBeCloseTo(Math.abs(a - b) / Math.SQRT2, 12);
  });

  it('null control: an arm with the ranks of the baseline differs by nothing', () => {
    const same = cells.map((cell) =>
      cell.arm === 'without CLAL' && cell.status === 'finished'
        ? { ...cell, evaluation: evaluationOf(`full ${cell.seed}`, 0.6) }
        : cell,
    );
    const difference = ablationReport(gridOf(arms), same).arms[2]?.difference;
    const zero = { difference: 0, low: 0, high: 0, deviation: 0 };
    for (const row of reportRows) expect(difference?.[row]).toEqual({ 'R@1': zero, 'R@5': zero, 'R@10': zero });
  });

  it('a run without a result takes no part, and nothing stands in its place', () => {
    const some: CellOnDisk[] = cells.map((cell) => {
      const { arm, seed, folder } = cell;
      if (arm === 'full' && seed === 8) return { arm, seed, folder, status: 'unfinished' };
      if (arm === 'without CLAL') return { arm, seed, folder, status: 'missing' };
      if (arm === 'without IMCL') return { arm, seed, folder, status: 'failed', reason: 'a loss of <NaN>' };
      return cell;
    });
    const partial = ablationReport(gridOf(arms), some);
    expect(partial.cells).toEqual({ planned: 10, finished: 5 });
    const [full, cmal, clal, imcl] = partial.arms;
    expect(full).toMatchObject({ seeds: [7], pairedSeeds: [] });
    expect(full?.deviation?.mean).toEqual({ 'R@1': null, 'R@5': null, 'R@10': null });
    expect(cmal).toMatchObject({ seeds: [7, 8], pairedSeeds: [7] });
    expect(cmal?.difference?.mean?.['R@1']?.deviation).toBeNull();
    for (const arm of [clal, imcl]) expect(arm).toMatchObject({ mean: null, deviation: null, difference: null });
    expect(partial.warnings).toEqual([
      expect.stringMatching(/^3 of 10 runs have no result yet/),
      expect.stringMatching(/^2 of 10 runs failed/),
      expect.stringContaining('other seeds'),
    ]);
    const table = ablationTable(partial);
    expect(table).toContain(recallMeaning);
    expect(table).toContain(`| without CLAL |${' - |'.repeat(9)}`);
    expect(table).not.toContain(`| without CLAL | 0.000`);
    const page = ablationPage('partial', partial);
    expect(page).toContain('failed: a loss of &lt;NaN&gt;');
    expect(page.replaceAll('&lt;NaN&gt;', '')).not.toMatch(/NaN|Infinity|undefined|\[object|>null/);
  });

  it('nothing yet is a report, a table and a page as well', () => {
    for (const own of [arms, figure6Arms()]) {
      const missing = own.flatMap(({ name }) =>
        [7, 8].map((seed): CellOnDisk => ({ arm: name, seed, folder: `cells/${name}-${seed}`, status: 'missing' })),
      );
      const empty = ablationReport(gridOf(own), missing);
      expect(empty.arms.every(({ mean, difference }) => mean === null && difference === null)).toBe(true);
      expect(ablationTable(empty)).not.toMatch(/NaN|Infinity|undefined|0\.000/);
      expect(ablationPage('none', empty)).not.toMatch(/NaN|Infinity|undefined|\[object|>null/);
    }
  });

  it('says what a reader must know: the split, devices and versions that differ', () => {
    const other = [finished('full', 7, 0.5), finished('b', 7, 0.5, { device: 'webgpu', versions: { node: '22' } })];
    const two = [
      { name: 'full', settings: {} },
      { name: 'b', settings: {} },
    ];
    expect(ablationReport(gridOf(two, { split: 'validation' }), other).warnings).toEqual([
      expect.stringContaining('Judged on the validation pairs'),
      'Runs were trained on different devices.',
      'Runs were trained with different versions of the packages.',
    ]);
    expect(report.warnings).toEqual([]);
  });
});

describe('ablationTable', () => {
  it('has the form of Table 4: three tasks a block, arm by arm, the means last, and the same for the differences', () => {
    const lines = ablationTable(report).split('\n');
    const heads = lines.filter((line) => line.startsWith('| Method | ') && line.includes('R@1'));
    const block = (rows: readonly string[]) =>
      `| Method | ${rows.flatMap((row) => [1, 5, 10].map((k) => `${row} R@${k}`)).join(' | ')} |`;
    const expected = [
      ['t->v', 't->t', 't->vt'],
      ['v->t', 'v->v', 'v->vt'],
      ['vt->t', 'vt->v', 'vt->vt'],
      ['mean', 'image-sided'],
    ].map(block);
    expect(heads).toEqual([...expected, ...expected]);
    const full = report.arms[0];
    const cell = `${full?.mean?.['t->v']?.['R@1']?.toFixed(3)} ± ${full?.deviation?.['t->v']?.['R@1']?.toFixed(3)}`;
    expect(lines[lines.indexOf(heads[0] as string) + 2]).toMatch(new RegExp(`^\\| full \\| ${cell} \\|`));
    const difference = report.arms[1]?.difference?.['t->v']?.['R@1'];
    const text = `${difference?.difference.toFixed(3)} [${difference?.low.toFixed(3)}, ${difference?.high.toFixed(3)}]`;
    expect(lines.some((line) => line.startsWith(`| without CMAL | ${text} ± `))).toBe(true);
    expect(lines).toContain('| full | 7 | finished | 12.3 | 30 |');
  });

  it('a name cannot break a table', () => {
    const odd = [{ name: 'a|b\n| c <i>', settings: {} }];
    const table = ablationTable(ablationReport(gridOf(odd), [finished('a|b\n| c <i>', 7, 0.5)]));
    expect(table).toContain('| a\\|b \\| c \\<i\\> |');
  });
});

describe('ablationPage', () => {
  /** The exact numbers that the page's tables hold. */
  const numbersIn = (page: string) =>
    new Set([...page.matchAll(/<data value="([^"]*)">/g)].map(([, value]) => Number(value)));

  it('holds every mean and difference, a drawing an arm, and nothing from elsewhere', () => {
    const page = ablationPage('first <run>', report);
    const numbers = numbersIn(page);
    for (const { mean, difference } of report.arms) {
      for (const row of reportRows) {
        expect(numbers).toContain(mean?.[row]?.['R@5']);
        if (difference) expect(numbers).toContain(difference[row]?.['R@5']?.difference);
      }
    }
    expect(page).toContain('<h1>first &lt;run&gt;</h1>');
    expect(page.match(/class="dots c0"/g)).toHaveLength(8);
    expect(page).toContain('default-src &#39;none&#39;');
    expect(page).not.toMatch(/<script|https?:|<link|<img/);
    expect(page).not.toMatch(/NaN|Infinity|undefined|\[object/);
  });

  it('Figure 6 is a line over beta with a band and a dot a seed, beta 0 dashed', () => {
    const sweep = figure6Arms();
    const points = sweep.flatMap(({ name }, i) => [7, 8].map((seed) => finished(name, seed, 0.3 + i / 20)));
    const page = ablationPage('sweep', ablationReport(gridOf(sweep), points));
    const chart = page.slice(page.indexOf('R@10 by weighting.beta'), page.indexOf('</figure>'));
    const [dots] = /class="dots c0" d="([^"]*)"/.exec(chart)?.slice(1) ?? [];
    expect(dots?.match(/M/g)).toHaveLength(12);
    const [line] = /class="line c0" d="([^"]*)"/.exec(chart)?.slice(1) ?? [];
    expect(line?.split('L')).toHaveLength(6);
    const places =
      line
        ?.slice(1)
        .split('L')
        .map((point) => Number(point.split(' ')[0])) ?? [];
    // Distances along the axis are those of the values.
    const at = (value: number) => (places[0] as number) + value * ((places[5] as number) - (places[0] as number));
    expect(places.map((place) => Math.abs(place))).toEqual(
      [0, 0.1, 0.25, 0.5, 0.75, 1].map((value) => expect.closeTo(at(value), 0)),
    );
    expect(chart).toContain('class="line d1 c0 level"');
    expect(chart).toContain('class="band c1"');
    expect(page).not.toMatch(/NaN|Infinity|undefined|\[object/);
  });
});
