import { shortNumber, wholeNumber } from '../report/format-number.js';
import { type Html, html, numberCell } from '../report/html.js';
import { htmlDocument } from '../report/html-document.js';
import { pageStyle } from '../report/page-style.js';
import { type AblationReport, type ArmReport, isBaseline } from './ablation-report.js';
import { intervalText, rowTitle, tableBlocks } from './ablation-table.js';
import { ks } from './cell-files.js';
import { forestPlot } from './forest-plot.js';
import { forestStyle } from './forest-style.js';
import { sweepChart } from './sweep-chart.js';

const style = `${pageStyle}${forestStyle}`;

/** The report as one HTML page that needs nothing else: a chart, the tables, the runs, and what it was made from. */
export function ablationPage(name: string, report: AblationReport): string {
  const { arms, warnings, split, baseline, bootstrap, cells, writtenAt, sweep } = report;
  const compared = arms.filter((arm) => !isBaseline(report, arm));
  const percent = Math.round(bootstrap.confidence * 100);
  const charts =
    sweep === undefined
      ? html`${forestPlot(report, 'mean', 'R@10')}${forestPlot(report, 'imageSided', 'R@10')}`
      : html`<div class="charts">${sweepChart(report, ['mean', 'imageSided'], 'R@10')}</div>${forestPlot(report, 'mean', 'R@10')}`;
  const body = html`<header>
<h1>${name}</h1>
<p class="sub">Ablation, written ${writtenAt.slice(0, 19).replace('T', ' ')} UTC</p>
</header>
<main>
<dl class="tiles">${[
    ['runs with a result', `${cells.finished} of ${cells.planned}`],
    ['arms', `${arms.length}`],
    ['seeds', report.seeds.join(', ')],
    ['held against', baseline],
    ['judged on', `${wholeNumber(report.data.evaluation.pairs)} ${split} pairs`],
  ].map(([term, value]) => html`<div><dt>${term}</dt><dd>${value}</dd></div>`)}</dl>
${warnings.length === 0 ? undefined : html`<ul class="warnings">${warnings.map((text) => html`<li>${text}</li>`)}</ul>`}
<section aria-labelledby="differences"><h2 id="differences">Differences</h2>
<p class="note">Arm minus ${baseline}, mean over the seeds that both have. The interval (${percent} %, paired bootstrap over queries, ${wholeNumber(bootstrap.resamples)} resamples) covers which queries were asked; it does not cover the seed of training, whose standard deviation is given apart.</p>
${charts}
</section>
<section aria-labelledby="recall"><h2 id="recall">Recall</h2>
${tableBlocks.map((block) => blockTable(arms, block, recallCell))}
</section>
<section aria-labelledby="by-task"><h2 id="by-task">Differences by task</h2>
${tableBlocks.map((block) => blockTable(compared, block, differenceCell))}
<p class="note">t: title, v: image, vt: both; query first. Recall@K: the share of queries whose partner is among the first K. Image-sided: the mean over the tasks with an image-only side. ± is the standard deviation over seeds.</p>
</section>
<section aria-labelledby="runs"><h2 id="runs">Runs</h2>
${runTable(arms)}
</section>
<section aria-labelledby="made-from"><h2 id="made-from">Made from</h2>
${madeFrom(report)}
</section>
</main>`;
  return htmlDocument({ title: `${name} - ablation`, style, body });
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

function runTable(arms: readonly ArmReport[]): Html {
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

function madeFrom({ data, base, arms, terms, bootstrap }: AblationReport): Html {
  const sets = Object.entries(data).map(
    ([name, { pairs, sha256, images }]) =>
      html`<tr><th scope="row">${name}</th><td>${wholeNumber(pairs)}</td><td class="text">${sha256}</td><td>${wholeNumber(images.files)}</td><td class="text">${images.sha256}</td></tr>
`,
  );
  const settings = { base, arms: Object.fromEntries(arms.map((arm) => [arm.name, arm.settings])), terms, bootstrap };
  return html`<div class="scroll"><table><thead><tr>${['pairs of', 'pairs', 'SHA-256', 'pictures', 'SHA-256 of the pictures'].map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
<tbody>
${sets}</tbody></table></div>
<details><summary>Settings</summary><pre class="scroll">${JSON.stringify(settings, null, 2)}</pre></details>`;
}
