import { type EvaluationReport, meanOf, type RecallValues, recallNames } from './report.js';
import { imageSidedTasks } from './tasks.js';

/**
 * A report as a table: a row a task with Recall@K (three decimals, `-` where no query counted), queries and candidates; then the mean,
 * and, where the report has all five, the mean of the tasks with an image-only side. Where tasks are not counted the mean says of how
 * many it is.
 *
 * @param format `plain` (default): columns aligned for a terminal; `markdown`: a GitHub table
 */
export function formatTaskTable(report: EvaluationReport, format: 'plain' | 'markdown' = 'plain'): string {
  const columns = recallNames(report);
  const recalls = (values: RecallValues) => columns.map((column) => values[column]?.toFixed(3) ?? '-');
  const header = ['task', ...columns, 'queries', 'candidates'];
  const body = Object.entries(report.tasks).map(([name, task]) => [
    name,
    ...recalls(task),
    String(task.queries),
    String(task.candidates),
  ]);
  const { notCounted = [] } = report;
  const label = notCounted.length > 0 ? `mean of the ${body.length - notCounted.length} counted` : 'mean';
  const means = [[label, ...recalls(report.mean), '', '']];
  const imageSided = imageSidedTasks.map(({ name }) => name);
  if (imageSided.every((name) => Object.hasOwn(report.tasks, name) && !notCounted.includes(name))) {
    means.push([
      `mean of the ${imageSided.length} with an image-only side`,
      ...recalls(meanOf(report, imageSided)),
      '',
      '',
    ]);
  }
  const rows = [header, ...body, ...means];
  const widths = header.map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  const cells = (row: readonly string[]) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)));
  if (format === 'markdown') {
    const rule = widths.map((width, column) => (column === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`));
    return [cells(header), rule, ...[...body, ...means].map(cells)].map((row) => `| ${row.join(' | ')} |`).join('\n');
  }
  const rule = widths.map((width) => '-'.repeat(width));
  return [cells(header), rule, ...body.map(cells), rule, ...means.map(cells)]
    .map((row) => row.join('  ').trimEnd())
    .join('\n');
}
