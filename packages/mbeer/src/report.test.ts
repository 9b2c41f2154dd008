import { describe, expect, it } from 'vitest';
import { evaluateTasks } from './evaluate-tasks.js';
import { formatTaskTable } from './format-task-table.js';
import { type EvaluationReport, evaluationReport, meanOf } from './report.js';
import { imageSidedTasks, tasks } from './tasks.js';

const row = (values: readonly (number | null)[]) => ({
  ...Object.fromEntries([1, 5, 10].map((k, i) => [`R@${k}`, values[i] ?? null])),
  queries: values[0] === null ? 0 : 12,
  candidates: 15,
});

const report: EvaluationReport = {
  version: 1,
  pairs: 12,
  tasks: Object.fromEntries(
    tasks.map(({ name }, i) => [name, row(name === 'v->v' ? [null, null, null] : [i / 16, i / 12, 1])]),
  ),
  mean: { 'R@1': 0.25, 'R@5': 1 / 3, 'R@10': 1 },
};

describe('tasks', () => {
  it('are the nine, query first, five of them with an image-only side', () => {
    expect(tasks.map(({ name }) => name).sort()).toEqual(
      ['t->t', 't->v', 't->vt', 'v->t', 'v->v', 'v->vt', 'vt->t', 'vt->v', 'vt->vt'].sort(),
    );
    const side = { t: 'text', v: 'image', vt: 'fused' } as const;
    for (const { name, query, candidate } of tasks) {
      expect(name.split('->').map((letter) => side[letter as keyof typeof side])).toEqual([query, candidate]);
    }
    expect(imageSidedTasks.map(({ name }) => name).sort()).toEqual(['t->v', 'v->t', 'v->v', 'v->vt', 'vt->v'].sort());
  });
});

describe('evaluationReport', () => {
  it('has the form that eval --json writes', async () => {
    const side = {
      count: 2,
      dimension: 1,
      fused: Float32Array.of(1, -1),
      image: Float32Array.of(1, 1),
      text: Float32Array.of(1, -1),
      hasImage: [0, 1],
      hasText: [1, 1],
    };
    const evaluation = await evaluateTasks({ query: side, candidate: side, ks: [1, 2], tasks: tasks.slice(0, 2) });
    expect(JSON.parse(JSON.stringify(evaluationReport(evaluation)))).toEqual({
      version: 1,
      pairs: 2,
      tasks: {
        't->t': { 'R@1': 1, 'R@2': 1, queries: 2, candidates: 2 },
        't->v': { 'R@1': 1, 'R@2': 1, queries: 1, candidates: 1 },
      },
      mean: { 'R@1': 1, 'R@2': 1 },
    });
  });

  it('averages over the tasks that counted a query, and is null where none did', async () => {
    const blind = {
      count: 2,
      dimension: 1,
      fused: Float32Array.of(1, 1),
      image: new Float32Array(2),
      text: Float32Array.of(1, -1),
      hasImage: [0, 0],
      hasText: [1, 1],
    };
    const all = evaluationReport(await evaluateTasks({ query: blind, candidate: blind, ks: [1] }));
    expect(all.tasks['v->t']).toEqual({ 'R@1': null, queries: 0, candidates: 2 });
    expect(all.mean['R@1']).toBe((1 + 0 + 0.5 + 0) / 4);
    const none = evaluationReport(
      await evaluateTasks({ query: blind, candidate: blind, ks: [1], tasks: imageSidedTasks }),
    );
    expect(none.mean).toEqual({ 'R@1': null });
  });
});

describe('meanOf', () => {
  it('averages some tasks apart, without those that counted no query', () => {
    const names = imageSidedTasks.map(({ name }) => name);
    const at1 = names.filter((name) => name !== 'v->v').map((name) => report.tasks[name]?.['R@1'] ?? Number.NaN);
    expect(meanOf(report, names)['R@1']).toBeCloseTo(at1.reduce((a, b) => a + b, 0) / 4, 12);
    expect(meanOf(report, ['v->v'])).toEqual({ 'R@1': null, 'R@5': null, 'R@10': null });
  });

  it('refuses a task that the report does not have, and lists those it has', () => {
    expect(() => meanOf(report, ['i->t'])).toThrow(/expected a task of the report \(t->t, .*got 'i->t'/);
  });
});

describe('formatTaskTable', () => {
  it('aligns all columns in plain text and marks what was not measured', () => {
    const lines = formatTaskTable(report).split('\n');
    expect(lines).toHaveLength(1 + 1 + 9 + 1 + 2);
    expect(lines[0]?.trim().split(/\s+/)).toEqual(['task', 'R@1', 'R@5', 'R@10', 'queries', 'candidates']);
    expect(lines.find((line) => line.startsWith('v->v '))?.split(/\s+/)).toEqual(['v->v', '-', '-', '-', '0', '15']);
    expect(new Set(lines.slice(0, 11).map((line) => line.length)).size).toBe(1);
    expect(lines[12]).toMatch(/^mean +0\.250 +0\.333 +1\.000$/);
    expect(lines[13]).toMatch(/^mean of the 5 with an image-only side +0\./);
  });

  it('is a valid Markdown table on request', () => {
    const lines = formatTaskTable(report, 'markdown').split('\n');
    expect(lines[1]).toMatch(/^\| -+ \| (-+: \| ){4}-+: \|$/);
    for (const line of lines) expect(line.split('|')).toHaveLength(8);
    expect(lines).toHaveLength(2 + 9 + 2);
  });

  it('leaves the second mean out where a report lacks one of its tasks', () => {
    const { 'v->v': _, ...rest } = report.tasks;
    expect(formatTaskTable({ ...report, tasks: rest })).not.toMatch(/image-only/);
  });
});
