import { ks } from '../ablation/cell-files.js';
import { dotPlot, dotPlotStyle } from '../report/dot-plot.js';
import { wholeNumber } from '../report/format-number.js';
import { type Html, html, numberCell } from '../report/html.js';
import { publishedStyle } from './published-table.js';
import { reproductionPage } from './reproduction-page.js';
import type { Table3Report, Table3Row } from './table3-report.js';

type Column = Table3Report['columns'][number];

/** The page of Table 3. */
export function table3Page(report: Table3Report): string {
  const { rows, columns, benchmarks, manifest, warnings } = report;
  const measured = rows.filter(({ mean }) => mean !== null);
  return reproductionPage({
    title: 'Table 3',
    about: 'Fashion200K and FashionIQ by method.',
    tiles: [
      ['methods with a result', `${measured.length} of ${rows.length}`],
      ...Object.entries(benchmarks).map(([name, tasks]): [string, string] => [
        name,
        `${wholeNumber(tasks.reduce((sum, { queries }) => sum + queries, 0))} queries`,
      ]),
      ['seeds of training', manifest.seeds?.join(', ') ?? 'none'],
    ],
    warnings,
    sections: [
      { id: 'overview', title: 'Recall@10 by task', content: overview(measured, columns) },
      { id: 'table', title: 'Table 3', content: html`${note(report)}${table(rows, columns)}` },
      { id: 'tasks', title: 'All tasks', content: taskTable(measured, report) },
      { id: 'methods', title: 'Methods', content: methodTable(rows) },
    ],
    manifest,
    style: `${dotPlotStyle}${publishedStyle}`,
  });
}

function note({ paper }: Table3Report): Html {
  return html`<p class="note">R@K is hit@K: the share of queries of which a relevant candidate is among the first K. Fashion200K: a caption looks for all images of the products that bear it, an image for the captions of its product, among the images or captions of the split. FashionIQ: the mean over its categories, each among all images of its split, the reference image among them. ± is the standard deviation over seeds. <strong>Published</strong> columns are the paper's own figures (${paper}); it does not say among how many candidates they were measured, so they are not to be compared with the others number by number.</p>
`;
}

function titleOf({ benchmark, task }: Column): string {
  return `${benchmark} ${task}`;
}

function overview(measured: readonly Table3Row[], columns: readonly Column[]): Html {
  return dotPlot({
    id: 'by-task',
    title: 'Recall@10',
    note: 'Measured here; the mean over seeds.',
    series: measured.map(({ name }) => name),
    rows: columns.map((column) => ({
      name: titleOf(column),
      values: measured.map(({ mean }) => mean?.[column.benchmark]?.[column.task]?.['R@10'] ?? undefined),
    })),
  });
}

function table(rows: readonly Table3Row[], columns: readonly Column[]): Html {
  const groups = columns.map(
    (column) =>
      html`<th scope="colgroup" class="first" colspan="${ks.length}">${titleOf(column)}</th><th scope="colgroup" class="published first" colspan="${ks.length}">${titleOf(column)}, published</th>`,
  );
  const heads = columns.map(() =>
    ['', 'published'].map((kind) =>
      ks.map((k, i) => html`<th scope="col" class="${kind}${i === 0 ? ' first' : ''}">R@${k}</th>`),
    ),
  );
  const body = rows.map((row) => {
    const cells = columns.map((column) => html`${ownCells(row, column)}${publishedCells(row, column)}`);
    return html`<tr><th scope="row">${row.name}</th>${cells}</tr>
`;
  });
  return html`<div class="scroll"><table><thead><tr><th></th>${groups}</tr><tr><th scope="col">method</th>${heads}</tr></thead>
<tbody>
${body}</tbody></table></div>
`;
}

function ownCells({ kind, note: todo, mean, deviation }: Table3Row, { benchmark, task }: Column): Html | Html[] {
  if (kind === 'empty') {
    const shown = todo?.startsWith('import') ? 'import embeddings' : '-';
    return html`<td class="first" colspan="${ks.length}">${shown}</td>`;
  }
  return ks.map((k, i) => {
    const value = mean?.[benchmark]?.[task]?.[`R@${k}`];
    const spread = deviation?.[benchmark]?.[task]?.[`R@${k}`];
    const shown = typeof value === 'number' ? numberCell(value, value.toFixed(3)) : '-';
    const after = typeof spread === 'number' ? html` <small>± ${spread.toFixed(3)}</small>` : undefined;
    return html`<td${i === 0 ? html` class="first"` : undefined}>${shown}${after}</td>`;
  });
}

function publishedCells({ published }: Table3Row, { benchmark, task }: Column): Html[] {
  return ks.map((_, i) => {
    const value = published[benchmark]?.[task]?.[i];
    const shown = typeof value === 'number' ? numberCell(value, value.toFixed(2)) : '-';
    return html`<td class="published${i === 0 ? ' first' : ''}">${shown}</td>`;
  });
}

/** Every task with every measure, FashionIQ by category. */
function taskTable(measured: readonly Table3Row[], { benchmarks }: Table3Report): Html {
  const parts = Object.entries(benchmarks).map(([benchmark, tasks]) => {
    const found = measured.flatMap(({ mean }) => Object.values(mean?.[benchmark] ?? {}));
    const columns = [...new Set(found.flatMap((values) => Object.keys(values)))].filter((name) => name.includes('@'));
    const lines = tasks.flatMap(({ task, queries, candidates }) =>
      measured.map(({ name, mean }) => {
        const values = mean?.[benchmark]?.[task] as Readonly<Record<string, number | null>> | undefined;
        const cells = columns.map((column) => {
          const value = values?.[column];
          return html`<td>${typeof value === 'number' ? numberCell(value, value.toFixed(3)) : '-'}</td>`;
        });
        return html`<tr><th scope="row">${benchmark} ${task}</th><td class="text">${name}</td>${cells}<td>${wholeNumber(queries)}</td><td>${wholeNumber(candidates)}</td></tr>
`;
      }),
    );
    const heads = ['task', 'method', ...columns, 'queries', 'candidates'].map(
      (head) => html`<th scope="col">${head}</th>`,
    );
    return html`<div class="scroll"><table><thead><tr>${heads}</tr></thead>
<tbody>
${lines}</tbody></table></div>
`;
  });
  return html`${parts}<p class="note">recall@K: the mean share of a query's relevant candidates among the first K, where queries have several.</p>`;
}

function methodTable(rows: readonly Table3Row[]): Html {
  const heads = ['method', 'where from', 'embedding width', 'parameters'].map(
    (head) => html`<th scope="col">${head}</th>`,
  );
  const lines = rows.map(({ name, kind, note: todo, dimension, parameters, runs = [] }) => {
    const from = kind === 'empty' ? (todo ?? '-') : `${kind}: ${runs.map((run) => run.from).join(', ')}`;
    const width = dimension === undefined ? '-' : wholeNumber(dimension);
    const size = typeof parameters === 'number' ? numberCell(parameters, `${(parameters / 1e6).toFixed(2)} M`) : '-';
    return html`<tr><th scope="row">${name}</th><td class="text">${from}</td><td>${width}</td><td>${size}</td></tr>
`;
  });
  return html`<div class="scroll"><table><thead><tr>${heads}</tr></thead>
<tbody>
${lines}</tbody></table></div>
`;
}
