import { tasks } from '@uniecs/mbeer';
import type { AblationReport } from '../ablation/ablation-report.js';
import { rowTitle } from '../ablation/ablation-table.js';
import { forestPlot } from '../ablation/forest-plot.js';
import { forestStyle } from '../ablation/forest-style.js';
import { dotPlot, dotPlotStyle } from '../report/dot-plot.js';
import { wholeNumber } from '../report/format-number.js';
import { type Html, html, numberCell } from '../report/html.js';
import { type PublishedLine, publishedNote, publishedStyle, publishedTables } from './published-table.js';
import { reproductionPage } from './reproduction-page.js';
import type { Table1Report, Table1Row } from './table1-report.js';

const style = `${forestStyle}${dotPlotStyle}${publishedStyle}`;

/** The page of Table 1. */
export function table1Page(report: Table1Report): string {
  const { rows, comparison, published, manifest, warnings } = report;
  const measured = rows.filter(({ mean }) => mean !== null);
  const { pairs } = manifest.data.evaluation ?? { pairs: 0 };
  const sections = [
    { id: 'overview', title: 'Recall@10 by task', content: overview(measured) },
    ...(comparison
      ? [{ id: 'differences', title: `Differences from ${comparison.baseline}`, content: differences(comparison) }]
      : []),
    {
      id: 'table',
      title: 'Table 1',
      content: html`${publishedNote(published.paper)}${publishedTables(rows.map(lineOf))}`,
    },
    { id: 'methods', title: 'Methods', content: methodTable(rows) },
    ...(report.trainings.length > 0
      ? [{ id: 'trainings', title: 'Ways of training', content: trainingTable(report) }]
      : []),
    {
      id: 'notes',
      title: "Notes on the paper's figures",
      content: html`<ul>${published.notes.map((note) => html`<li>${note}</li>`)}</ul>`,
    },
  ];
  return reproductionPage({
    title: 'Table 1',
    about: 'Nine retrieval tasks by method.',
    tiles: [
      ['methods with a result', `${measured.length} of ${rows.length}`],
      ['judged on', `${wholeNumber(pairs)} ${manifest.split} pairs`],
      ['seeds of training', manifest.seeds?.join(', ') ?? 'none'],
    ],
    warnings,
    sections,
    manifest,
    style,
  });
}

function lineOf({ name, kind, note = '', mean, deviation, published }: Table1Row): PublishedLine {
  const empty = kind === 'empty' ? { note: note.startsWith('import') ? 'import embeddings' : '-' } : {};
  return { name, ...empty, mean, deviation, published: published?.recall ?? null };
}

function overview(measured: readonly Table1Row[]): Html {
  const names = [...tasks.map(({ name }) => name), 'mean', 'imageSided'];
  return dotPlot({
    id: 'by-task',
    title: 'Recall@10',
    note: 'Measured here; the mean over seeds.',
    series: measured.map(({ name }) => name),
    rows: names.map((row) => ({
      name: rowTitle(row),
      values: measured.map(({ mean }) => mean?.[row]?.['R@10'] ?? undefined),
    })),
  });
}

function differences(comparison: AblationReport): Html {
  const percent = Math.round(comparison.bootstrap.confidence * 100);
  return html`<p class="note">Every arm that was trained, minus ${comparison.baseline}, mean over the seeds that both have. The interval (${percent} %, paired bootstrap over queries) covers which queries were asked; it does not cover the seed of training, whose standard deviation is given apart.</p>
${forestPlot(comparison, 'mean', 'R@10')}${forestPlot(comparison, 'imageSided', 'R@10')}`;
}

function methodTable(rows: readonly Table1Row[]): Html {
  const heads = [
    'method',
    'where from',
    'embedding width',
    'parameters',
    'seeds',
    'width, published',
    'size, published',
  ];
  const lines = rows.map(({ name, kind, arm, note, dimension, parameters, runs = [], notCounted = [], published }) => {
    const seeds = runs.flatMap(({ seed }) => (seed === undefined ? [] : [seed]));
    const missing = notCounted.length > 0 ? `; no embeddings for ${notCounted.join(', ')}` : '';
    const from = {
      empty: note ?? '-',
      trained: `trained here: ${arm}`,
      given: `given: ${runs.map((run) => run.from).join(', ')}`,
      imported: `imported: ${runs.map((run) => run.from).join(', ')}`,
    }[kind];
    return html`<tr><th scope="row">${name}</th><td class="text">${from}${missing}</td><td>${dimension === undefined ? '-' : wholeNumber(dimension)}</td><td>${typeof parameters === 'number' ? numberCell(parameters, `${(parameters / 1e6).toFixed(2)} M`) : '-'}</td><td>${seeds.join(', ') || '-'}</td><td class="published">${published ? wholeNumber(published.dimension) : '-'}</td><td class="published">${published?.size ?? '-'}</td></tr>
`;
  });
  return html`<div class="scroll"><table><thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
<tbody>
${lines}</tbody></table></div>
<p class="note">Trained here: with the same encoders, width, steps and augmentation as UniECS.</p>`;
}

function trainingTable({ trainings }: Table1Report): Html {
  const lines = trainings.map(
    ({ method, arm, validation, stands }) =>
      html`<tr${stands ? html` class="best"` : undefined}><th scope="row">${method}</th><td class="text">${arm}</td><td>${validation === null ? '-' : numberCell(validation, validation.toFixed(3))}</td><td>${stands ? 'stands' : ''}</td></tr>
`,
  );
  return html`<div class="scroll"><table><thead><tr><th scope="col">method</th><th scope="col">arm</th><th scope="col">mean R@10 on validation</th><th scope="col">in the table</th></tr></thead>
<tbody>
${lines}</tbody></table></div>
<p class="note">A baseline is trained once over the nine tasks and once over fused against fused alone (fused); the better on validation stands in the table, mean over seeds.</p>`;
}
