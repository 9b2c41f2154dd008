import { isBaseline } from '../ablation/ablation-report.js';
import { differenceTables, runTable } from '../ablation/arm-tables.js';
import { forestPlot } from '../ablation/forest-plot.js';
import { forestStyle } from '../ablation/forest-style.js';
import { wholeNumber } from '../report/format-number.js';
import { html } from '../report/html.js';
import { publishedNote, publishedStyle, publishedTables } from './published-table.js';
import { reproductionPage } from './reproduction-page.js';
import type { Table4Report } from './table4.js';

/** The page of Table 4. */
export function table4Page(report: Table4Report): string {
  const { comparison, preset, published, paper, warnings, manifest } = report;
  const { arms, cells, seeds, baseline, bootstrap, data, split } = comparison;
  const compared = arms.filter((arm) => !isBaseline(comparison, arm));
  const percent = Math.round(bootstrap.confidence * 100);
  const lines = arms.map(({ name, mean, deviation }) => ({
    ...{ name, mean, deviation, published: published[name] ?? null },
  }));
  const differences = html`<p class="note">Arm minus ${baseline}, mean over the seeds that both have. The interval (${percent} %, paired bootstrap over queries, ${wholeNumber(bootstrap.resamples)} resamples) covers which queries were asked; it does not cover the seed of training, whose standard deviation is given apart.</p>
${forestPlot(comparison, 'mean', 'R@10')}${forestPlot(comparison, 'imageSided', 'R@10')}`;
  return reproductionPage({
    title: 'Table 4',
    about: `UniECS, preset ${preset}, without each of its loss groups and without gating.`,
    tiles: [
      ['runs with a result', `${cells.finished} of ${cells.planned}`],
      ['seeds of training', seeds.join(', ')],
      ['judged on', `${wholeNumber(data.evaluation.pairs)} ${split} pairs`],
    ],
    warnings,
    sections: [
      { id: 'differences', title: `Differences from ${baseline}`, content: differences },
      { id: 'table', title: 'Table 4', content: html`${publishedNote(paper)}${publishedTables(lines)}` },
      { id: 'by-task', title: 'Differences by task', content: differenceTables(compared) },
      { id: 'runs', title: 'Runs', content: runTable(arms) },
    ],
    manifest,
    style: `${forestStyle}${publishedStyle}`,
  });
}
