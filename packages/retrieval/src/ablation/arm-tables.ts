import { shortNumber, wholeNumber } from '../report/format-number.js';
import { type Html, html, numberCell } from '../report/html.js';
import type { ArmReport } from './ablation-report.js';
import { intervalText, rowTitle, tableBlocks } from './ablation-table.js';
import { ks } from './cell-files.js';

/** Recall of every arm in the form of Table 4, ± over seeds. */
export function recallTables(arms: readonly ArmReport[]): Html {
  return html`${tableBlocks.map((block) => blockTable(arms, block, recallCell))}`;
}

/** The arms' differences from the baseline with their intervals, in the same form. */
export function differenceTables(compared: readonly ArmReport[]): Html {
  return html`${tableBlocks.map((block) => blockTable(compared, block, differenceCell))}`;
}

function blockTable(arms: readonly ArmReport[], block: readonly string[], cell: typeof recallCell): Html {
  const columns = block.flatMap((row) => ks.map((k) => ({ row, column: `R@${k}` as const })));
  const heads = columns.map(({ row, column }) => html`<th scope="col">${rowTitle(row)} ${column}</th>`);
  const lines = arms.map(
    (arm) =>
      html`<tr><th scope="row">${arm.name}</th>${columns.map(({ row, column }) => html`<td>${cell(arm, row, column)}</td>`)}</tr>
`,
  );
  return html`<div class="scroll"><table><thead><tr><th scope="col">arm</th>${heads}</tr></thead>
<tbody>
${lines}</tbody></table></div>
`;
}

function recallCell({ mean, deviation }: ArmReport, row: string, column: `R@${number}`): Html | string {
  const value = mean?.[row]?.[column];
  if (typeof value !== 'number') return '-';
  return html`${numberCell(value, value.toFixed(3))}${spread(deviation?.[row]?.[column])}`;
}

function differenceCell({ difference }: ArmReport, row: string, column: `R@${number}`): Html | string {
  const cell = difference?.[row]?.[column];
  if (!cell) return '-';
  return html`${numberCell(cell.difference, intervalText(cell))}${spread(cell.deviation)}`;
}

function spread(deviation: number | null | undefined): Html | undefined {
  return typeof deviation === 'number' ? html` <small>± ${deviation.toFixed(3)}</small>` : undefined;
}

/** A line a run: how it stands, what it took, where it lies. */
export function runTable(arms: readonly ArmReport[]): Html {
  const heads = [
    'arm',
    'seed',
    'status',
    'mean R@10',
    'best on validation',
    'parameters',
    'steps',
    'seconds',
    'device',
  ];
  const lines = arms.flatMap(({ name, cells }) =>
    cells.map((cell) => {
      const { seed, folder } = cell;
      const first = html`<tr><th scope="row">${name}</th><td>${seed}</td>`;
      if (cell.status !== 'finished') {
        const reason = cell.status === 'failed' ? html`: ${cell.reason}` : undefined;
        return html`${first}<td class="text" colspan="${heads.length - 1}">${cell.status}${reason}</td></tr>
`;
      }
      const { recall, best, parameters, steps, skipped, seconds, device } = cell;
      const own = recall.mean?.['R@10'];
      const values = [
        typeof own === 'number' ? numberCell(own, own.toFixed(3)) : '-',
        best ? `${best.value.toFixed(3)} at step ${wholeNumber(best.step)}` : '-',
        wholeNumber(parameters),
        `${wholeNumber(steps)}${skipped > 0 ? ` (${wholeNumber(skipped)} skipped)` : ''}`,
        shortNumber(seconds),
        device,
      ];
      return html`${first}<td>finished</td>${values.map((value) => html`<td>${value}</td>`)}<td class="text">${folder}</td></tr>
`;
    }),
  );
  return html`<div class="scroll"><table><thead><tr>${[...heads, 'folder'].map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
<tbody>
${lines}</tbody></table></div>`;
}
