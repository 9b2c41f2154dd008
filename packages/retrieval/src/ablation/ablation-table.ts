import { recallMeaning } from '@uniecs/mbeer';
import { type AblationReport, type ArmDifference, type ArmReport, isBaseline } from './ablation-report.js';
import { ks } from './cell-files.js';

/** The blocks of Table 4, each of three tasks side by side, in its order; then the means. */
export const tableBlocks: readonly (readonly string[])[] = [
  ['t->v', 't->t', 't->vt'],
  ['v->t', 'v->v', 'v->vt'],
  ['vt->t', 'vt->v', 'vt->vt'],
  ['mean', 'imageSided'],
];

/** A row's name as it stands in a table. */
export function rowTitle(row: string): string {
  return row === 'imageSided' ? 'image-sided' : row;
}

/**
 * The report as Markdown in the form of Table 4: a block for three tasks with Recall@1, 5 and 10 of every arm, then the same for the
 * differences from the baseline. What there is no result for is `-`.
 */
export function ablationTable(report: AblationReport): string {
  const { arms, baseline } = report;
  const compared = arms.filter((arm) => !isBaseline(report, arm));
  const recalls = tableBlocks.map((block) => table(arms, block, recallCell));
  const differences = tableBlocks.map((block) => table(compared, block, differenceCell));
  const percent = Math.round(report.bootstrap.confidence * 100);
  return [
    '# Ablation',
    ...report.warnings.map((warning) => `> ${warning}`),
    `On the ${report.split} pairs (${report.data.evaluation.pairs}), query first: t title, v image, vt both. ${recallMeaning} Image-sided: the mean over the five tasks with an image-only side. Mean over seeds, and with several seeds ± the standard deviation over them.`,
    ...recalls,
    ...(compared.length === 0
      ? []
      : [
          `## Difference from ${escaped(baseline)}`,
          `Mean over the seeds that both have, arm minus ${escaped(baseline)}, and its ${percent} % interval by a paired bootstrap over queries (${report.bootstrap.resamples.toLocaleString('en-US')} resamples). The interval covers which queries were asked. It does not cover the seed of training: with several seeds the standard deviation of the difference over them stands behind ±.`,
          ...differences,
        ]),
    '## Runs',
    runs(arms),
    '',
  ].join('\n\n');
}

function table(arms: readonly ArmReport[], block: readonly string[], cell: typeof recallCell): string {
  const columns = block.flatMap((row) => ks.map((k) => ({ row, column: `R@${k}` as const })));
  const head = ['Method', ...columns.map(({ row, column }) => `${rowTitle(row)} ${column}`)];
  const body = arms.map((arm) => [escaped(arm.name), ...columns.map(({ row, column }) => cell(arm, row, column))]);
  return lines(head, body);
}

function recallCell({ mean, deviation }: ArmReport, row: string, column: `R@${number}`): string {
  return plusMinus(shown(mean?.[row]?.[column]), deviation?.[row]?.[column]);
}

function differenceCell({ difference }: ArmReport, row: string, column: `R@${number}`): string {
  const cell = difference?.[row]?.[column];
  return cell ? plusMinus(intervalText(cell), cell.deviation) : '-';
}

/** `-0.045 [-0.060, -0.031]`. */
export function intervalText({ difference, low, high }: ArmDifference): string {
  return `${signed(difference)} [${signed(low)}, ${signed(high)}]`;
}

function signed(value: number): string {
  const text = value.toFixed(3);
  if (Number(text) === 0) return '0.000';
  return value > 0 ? `+${text}` : text;
}

function shown(value: number | null | undefined): string {
  return typeof value === 'number' ? value.toFixed(3) : '-';
}

function plusMinus(text: string, deviation: number | null | undefined): string {
  return typeof deviation === 'number' ? `${text} ± ${deviation.toFixed(3)}` : text;
}

function runs(arms: readonly ArmReport[]): string {
  const body = arms.flatMap(({ name, cells }) =>
    cells.map((cell) => [
      escaped(name),
      `${cell.seed}`,
      cell.status,
      cell.status === 'finished' ? cell.seconds.toFixed(1) : '-',
      cell.status === 'finished' ? `${cell.steps}` : '-',
    ]),
  );
  return lines(['Method', 'seed', 'status', 'seconds of training', 'steps'], body);
}

function lines(head: readonly string[], body: readonly (readonly string[])[]): string {
  const rule = head.map((_, column) => (column === 0 ? '---' : '---:'));
  return [head, rule, ...body].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

/** A name in a cell of a table. */
function escaped(text: string): string {
  return text.replace(/[\\|<>*_`[\]]/g, '\\$&').replace(/\s+/g, ' ');
}
