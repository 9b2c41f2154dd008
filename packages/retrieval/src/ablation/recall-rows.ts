import {
  type Evaluation,
  evaluationReport,
  imageSidedTasks,
  meanOf,
  type RecallValues,
  type Task,
  tasks,
} from '@uniecs/mbeer';
import { ks } from './cell-files.js';

/** Values by row (the nine tasks, `mean` over them, `imageSided` over the five with an image-only side) and by `R@1`, `R@5`, `R@10`. */
export type ByRow<T> = Readonly<Record<string, Readonly<Record<`R@${number}`, T>>>>;

/** Names of the report's rows, the tasks first. */
export const reportRows: readonly string[] = [...tasks.map(({ name }) => name), 'mean', 'imageSided'];
const recallColumns = ks.map((k) => `R@${k}` as const);
/** Names of the five tasks with an image-only side. */
export const imageSided = imageSidedTasks.map(({ name }) => name);

/**
 * The recalls of an evaluation by row; `null` where no query counted.
 *
 * @param notCounted tasks that could not be run: a mean that lacks one of its tasks is `null`
 */
export function recallRows(evaluation: Evaluation, notCounted: readonly Task[] = []): ByRow<number | null> {
  const report = evaluationReport(evaluation, notCounted);
  const lacks = (names: readonly string[]) => notCounted.some(({ name }) => names.includes(name));
  const mean = (names: readonly string[]) => (lacks(names) ? {} : meanOf(report, names));
  const all: Record<string, RecallValues> = {
    ...report.tasks,
    mean: mean(tasks.map(({ name }) => name)),
    imageSided: mean(imageSided),
  };
  return byRow((row, column) => all[row]?.[column] ?? null);
}

/** Fills in all rows and columns. */
export function byRow<T>(of: (row: string, column: `R@${number}`) => T): ByRow<T> {
  return Object.fromEntries(
    reportRows.map((row) => [row, Object.fromEntries(recallColumns.map((column) => [column, of(row, column)]))]),
  );
}

/** Row by row and column by column what several values come to; `null` where there is none. */
export function overSeeds(
  recalls: readonly ByRow<number | null>[],
  of: (values: readonly number[]) => number | null,
): ByRow<number | null> {
  return byRow((row, column) => {
    const values = recalls.map((recall) => recall[row]?.[column] ?? null).filter((value) => value !== null);
    return values.length === 0 ? null : of(values);
  });
}

/** The mean of at least one number. */
export function meanOfNumbers(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The sample's standard deviation (n - 1); `null` for one. */
export function deviationOf(values: readonly number[]): number | null {
  if (values.length < 2) return null;
  const mean = meanOfNumbers(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1));
}
