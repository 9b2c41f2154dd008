import { recallMeaning } from '@uniecs/mbeer';
import { wholeNumber } from '../report/format-number.js';
import { type Html, html } from '../report/html.js';
import { htmlDocument } from '../report/html-document.js';
import { pageStyle } from '../report/page-style.js';
import { type AblationReport, isBaseline } from './ablation-report.js';
import { differenceTables, recallTables, runTable } from './arm-tables.js';
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
${recallTables(arms)}
</section>
<section aria-labelledby="by-task"><h2 id="by-task">Differences by task</h2>
${differenceTables(compared)}
<p class="note">t: title, v: image, vt: both; query first. ${recallMeaning} Image-sided: the mean over the tasks with an image-only side. ± is the standard deviation over seeds.</p>
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

function madeFrom({ data, base, arms, terms, bootstrap, init }: AblationReport): Html {
  const sets = Object.entries(data).map(
    ([name, { pairs, sha256, images }]) =>
      html`<tr><th scope="row">${name}</th><td>${wholeNumber(pairs)}</td><td class="text">${sha256}</td><td>${wholeNumber(images.files)}</td><td class="text">${images.sha256}</td></tr>
`,
  );
  const settings = { base, arms: Object.fromEntries(arms.map((arm) => [arm.name, arm.settings])), terms, bootstrap };
  const start = init
    ? html`<p class="note">All arms start from the encoders of a model folder, by content ${init.sha256}.</p>
`
    : '';
  return html`<div class="scroll"><table><thead><tr>${['pairs of', 'pairs', 'SHA-256', 'pictures', 'SHA-256 of the pictures'].map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
<tbody>
${sets}</tbody></table></div>
${start}<details><summary>Settings</summary><pre class="scroll">${JSON.stringify(settings, null, 2)}</pre></details>`;
}
