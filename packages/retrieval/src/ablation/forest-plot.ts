import { axisFor, shareBelow } from '../report/axis.js';
import { shortNumber } from '../report/format-number.js';
import { type Html, html, numberCell } from '../report/html.js';
import type { AblationReport, ArmDifference } from './ablation-report.js';
import { intervalText, rowTitle } from './ablation-table.js';

const frame = { width: 320, height: 26, side: 14 } as const;

/**
 * A table with a drawing in each line: an arm's difference from the baseline as a dot, its interval as a line, zero upright.
 *
 * @param row of the report, `mean` say
 */
export function forestPlot(report: AblationReport, row: string, column: `R@${number}`): Html {
  const { arms, baseline } = report;
  const of = (name: string) => arms.find((arm) => arm.name === name)?.difference?.[row]?.[column] ?? undefined;
  const found = arms.flatMap(({ name }) => of(name) ?? []);
  const low = Math.min(0, ...found.map((cell) => cell.low));
  const high = Math.max(0, ...found.map((cell) => cell.high));
  const axis = axisFor(low, high);
  const x = (value: number) => tenth(frame.side + shareBelow(axis, value) * (frame.width - 2 * frame.side));
  const title = `${column}, ${rowTitle(row)}: difference from ${baseline}`;
  const lines = arms.map(({ name, seeds, mean, deviation }) => {
    const cell = of(name);
    const recall = mean?.[row]?.[column];
    const own = deviation?.[row]?.[column];
    return html`<tr><th scope="row">${name}</th><td>${seeds.length}</td><td>${typeof recall === 'number' ? numberCell(recall, recall.toFixed(3)) : '-'}${typeof own === 'number' ? html` <small>± ${own.toFixed(3)}</small>` : undefined}</td><td>${cell ? html`${numberCell(cell.difference, intervalText(cell))}` : '-'}</td><td>${typeof cell?.deviation === 'number' ? cell.deviation.toFixed(3) : '-'}</td><td class="plot-cell">${drawing(cell, x)}</td></tr>
`;
  });
  const marks = axis.ticks.map((tick) => html`<text class="x" x="${x(tick)}" y="18">${shortNumber(tick)}</text>`);
  return html`<figure class="chart"><figcaption><h3>${title}</h3></figcaption>
<div class="scroll"><table class="forest"><thead><tr><th scope="col">arm</th><th scope="col">seeds</th><th scope="col">${column}</th><th scope="col">difference</th><th scope="col">± over seeds</th><th scope="col"><span class="unseen">drawing</span></th></tr></thead>
<tbody>
${lines}</tbody><tfoot><tr><td colspan="5"></td><td class="plot-cell"><svg viewBox="0 0 ${frame.width} ${frame.height}" aria-hidden="true">${marks}</svg></td></tr></tfoot></table></div>
</figure>
`;
}

function drawing(cell: ArmDifference | undefined, x: (value: number) => number): Html {
  const middle = frame.height / 2;
  const mark = cell
    ? html`<path class="line c0" d="M${x(cell.low)} ${middle}H${x(cell.high)}" /><path class="dots c0" d="M${x(cell.difference)} ${middle}h.01" />`
    : undefined;
  return html`<svg viewBox="0 0 ${frame.width} ${frame.height}" aria-hidden="true"><path class="grid" d="M${x(0)} 0V${frame.height}" />${mark}</svg>`;
}

function tenth(value: number): number {
  return Math.round(value * 10) / 10;
}
