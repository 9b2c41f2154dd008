import { recallTables, runTable } from '../ablation/arm-tables.js';
import { forestPlot } from '../ablation/forest-plot.js';
import { forestStyle } from '../ablation/forest-style.js';
import { sweepChart } from '../ablation/sweep-chart.js';
import { wholeNumber } from '../report/format-number.js';
import { html } from '../report/html.js';
import type { Figure6Report } from './figure6.js';
import { reproductionPage } from './reproduction-page.js';

/** The page of Figure 6. */
export function figure6Page(report: Figure6Report): string {
  const { comparison, preset, notes, warnings, manifest } = report;
  const { arms, cells, seeds, data, split } = comparison;
  const chart =
    arms.length < 2
      ? html`<p>One value of beta makes no sweep.</p>`
      : html`<div class="charts">${sweepChart(comparison, ['mean', 'imageSided'], 'R@10')}</div>`;
  const known = notes.map((note) => html`<p class="note">${note}</p>`);
  return reproductionPage({
    title: 'Figure 6',
    about: `UniECS, preset ${preset}, over the beta of its adaptive weights; 0 is fixed weights.`,
    tiles: [
      ['runs with a result', `${cells.finished} of ${cells.planned}`],
      ['seeds of training', seeds.join(', ')],
      ['judged on', `${wholeNumber(data.evaluation.pairs)} ${split} pairs`],
    ],
    warnings,
    sections: [
      { id: 'sweep', title: 'Recall@10 over beta', content: html`${chart}${known}` },
      {
        id: 'differences',
        title: `Differences from ${comparison.baseline}`,
        content: forestPlot(comparison, 'mean', 'R@10'),
      },
      { id: 'recall', title: 'Recall', content: recallTables(arms) },
      { id: 'runs', title: 'Runs', content: runTable(arms) },
    ],
    manifest,
    style: forestStyle,
  });
}
