import { tasks } from '@uniecs/mbeer';
import type { AblationReport } from '../ablation/ablation-report.js';
import { rowTitle, tableBlocks } from '../ablation/ablation-table.js';
import { ks } from '../ablation/cell-files.js';
import { forestPlot } from '../ablation/forest-plot.js';
import { forestStyle } from '../ablation/forest-style.js';
import { dotPlot } from '../report/dot-plot.js';
import { wholeNumber } from '../report/format-number.js';
import { type Html, html, numberCell } from '../report/html.js';
import { reproductionPage } from './reproduction-page.js';
import type { Table1Report, Table1Row } from './table1-report.js';

const style = `${forestStyle}.published{color:var(--soft)}.published.first,th.first{border-left:1px solid var(--rule)}
`;

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
      content: html`${tableNote(published.paper)}${tableBlocks.map((block) => blockTable(rows, block))}`,
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

function tableNote(paper: string): Html {
  return html`<p class="note">Recall@1, 5 and 10: the share of queries whose partner is among the first K; t title, v image, vt both, query first. Image-sided: the mean over the tasks with an image-only side. ± is the standard deviation over seeds. <strong>Published</strong> columns are the paper's own figures (${paper}), measured by its authors on their data, which are not public: they are not to be compared with the others number by number.</p>
`;
}

function blockTable(rows: readonly Table1Row[], block: readonly string[]): Html {
  // The paper prints no means.
  const printed = (row: string) => tasks.some(({ name }) => name === row);
  const groups = block.map(
    (row) =>
      html`<th scope="colgroup" class="first" colspan="${ks.length}">${rowTitle(row)}</th>${printed(row) ? html`<th scope="colgroup" class="published first" colspan="${ks.length}">${rowTitle(row)}, published</th>` : undefined}`,
  );
  const heads = block.map((row) => {
    const columns = (kind: string) =>
      ks.map((k, i) => html`<th scope="col" class="${kind}${i === 0 ? ' first' : ''}">R@${k}</th>`);
    return html`${columns('')}${printed(row) ? columns('published') : undefined}`;
  });
  const lines = rows.map((method) => {
    const cells = block.map(
      (row) => html`${ownCells(method, row)}${printed(row) ? publishedCells(method, row) : undefined}`,
    );
    return html`<tr><th scope="row">${method.name}</th>${cells}</tr>
`;
  });
  return html`<div class="scroll"><table><thead><tr><th></th>${groups}</tr><tr><th scope="col">method</th>${heads}</tr></thead>
<tbody>
${lines}</tbody></table></div>
`;
}

function ownCells({ mean, deviation, kind, note = '' }: Table1Row, row: string): Html | Html[] {
  if (kind === 'empty') {
    return html`<td class="first" colspan="${ks.length}">${note.startsWith('import') ? 'import embeddings' : '-'}</td>`;
  }
  return ks.map((k) => {
    const value = mean?.[row]?.[`R@${k}`];
    const spread = deviation?.[row]?.[`R@${k}`];
    const shown = typeof value === 'number' ? numberCell(value, value.toFixed(3)) : '-';
    const after = typeof spread === 'number' ? html` <small>± ${spread.toFixed(3)}</small>` : undefined;
    return html`<td>${shown}${after}</td>`;
  });
}

function publishedCells({ published }: Table1Row, row: string): Html[] {
  return ks.map((_, i) => {
    const value = published?.recall[row]?.[i];
    const shown = typeof value === 'number' ? numberCell(value, value.toFixed(2)) : '-';
    return html`<td class="published${i === 0 ? ' first' : ''}">${shown}</td>`;
  });
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
