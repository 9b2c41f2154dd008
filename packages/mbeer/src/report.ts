import { UniecsError } from '@uniecs/tensor';
import type { Evaluation } from './evaluate-tasks.js';
import { tasks as nineTasks, type Task } from './tasks.js';

/** Recall by name, `R@1`; `null` where no query counted. */
export type RecallValues = Readonly<Record<`R@${number}`, number | null>>;

/** What `uniecs eval --json` writes. */
export interface EvaluationReport {
  readonly version: 1;
  readonly pairs: number;
  readonly tasks: Readonly<Record<string, RecallValues & { readonly queries: number; readonly candidates: number }>>;
  /** Unweighted mean over the tasks. */
  readonly mean: RecallValues;
  /** Tasks that the embeddings have no view for: `null` in `tasks`, and no part of the mean. Absent where there are none. */
  readonly notCounted?: readonly string[];
}

/**
 * The report of an evaluation: Recall@K, queries and candidates by task name, and the mean over the tasks.
 *
 * @param notCounted tasks that could not be run (`pairEmbeddings`): they stand in the report without numbers, and by name
 */
export function evaluationReport(
  { pairs, ks, results }: Evaluation,
  notCounted: readonly Task[] = [],
): EvaluationReport {
  const names = ks.map(recallName);
  const rows = [
    ...results.map(({ task, recall, queryRows, candidates }) => ({
      task,
      row: {
        ...Object.fromEntries(names.map((name, i) => [name, recall[i] ?? null])),
        queries: queryRows.length,
        candidates,
      },
    })),
    ...notCounted.map((task) => ({
      task,
      row: { ...Object.fromEntries(names.map((name) => [name, null])), queries: 0, candidates: 0 },
    })),
  ];
  if (notCounted.length > 0) rows.sort((a, b) => place(a.task) - place(b.task));
  const tasks: EvaluationReport['tasks'] = Object.fromEntries(rows.map(({ task, row }) => [task.name, row]));
  const mean = meanOver(tasks, Object.keys(tasks), names);
  const left = notCounted.length > 0 ? { notCounted: notCounted.map(({ name }) => name) } : {};
  return { version: 1, pairs, tasks, mean, ...left };
}

/** Where a task stands among the nine; one of the caller's own after them. */
function place({ name }: Task): number {
  const found = nineTasks.findIndex((task) => task.name === name);
  return found < 0 ? nineTasks.length : found;
}

/**
 * Unweighted mean of each Recall@K over some of a report's tasks, `imageSidedTasks.map(({ name }) => name)` say. A task in which no
 * query counted takes no part; `null` where none is left.
 *
 * @throws UniecsError `argument` for a task that the report does not have
 */
export function meanOf(report: EvaluationReport, taskNames: readonly string[]): RecallValues {
  for (const name of taskNames) {
    if (!Object.hasOwn(report.tasks, name)) {
      throw new UniecsError({
        code: 'argument',
        where: 'meanOf',
        expected: `a task of the report (${Object.keys(report.tasks).join(', ')})`,
        got: `'${name}'`,
        hint: 'tasks are written query first, with t, v and vt',
      });
    }
  }
  return meanOver(report.tasks, taskNames, recallNames(report));
}

/** The recall columns of a report, in its order. */
export function recallNames(report: EvaluationReport): readonly `R@${number}`[] {
  return Object.keys(report.mean) as `R@${number}`[];
}

function recallName(k: number): `R@${number}` {
  return `R@${k}`;
}

function meanOver(
  tasks: EvaluationReport['tasks'],
  taskNames: readonly string[],
  columns: readonly `R@${number}`[],
): RecallValues {
  return Object.fromEntries(
    columns.map((column) => {
      const values = taskNames.map((name) => tasks[name]?.[column] ?? null).filter((value) => value !== null);
      return [column, values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length];
    }),
  );
}
