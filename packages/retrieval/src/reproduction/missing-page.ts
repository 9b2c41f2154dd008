import { recallMeaning } from '@uniecs/mbeer';
import { rowTitle } from '../ablation/ablation-table.js';
import { meanOfNumbers } from '../ablation/recall-rows.js';
import { curveChart } from '../report/curve-chart.js';
import { percent, wholeNumber } from '../report/format-number.js';
import { type Html, html, numberCell } from '../report/html.js';
import type { ConditionResult } from './measure-missing.js';
import type { MissingModel, MissingReport } from './missing.js';
import type { Condition } from './missing-conditions.js';
import { reproductionPage } from './reproduction-page.js';

const column = 'R@10';
/** The charts of each way to make pairs worse. */
const charted = [
  ['mean', 'nine tasks'],
  ['imageSided', 'five image-sided tasks'],
  ['vt->vt', 'vt->vt'],
] as const;

const ways: Readonly<Record<`${Condition['kind']} ${Condition['modality']}`, readonly [title: string, axis: string]>> =
  {
    'missing image': ['Items without an image', 'items without an image, %'],
    'missing text': ['Items without a title', 'items without a title, %'],
    'noisy image': ["Items with another item's image", "items with another's image, %"],
    'noisy text': ["Items with another item's title", "items with another's title, %"],
  };

/** The page of the curves over missing and noisy modalities. */
export function missingPage(report: MissingReport): string {
  const { models, manifest, warnings } = report;
  const { pairs } = manifest.data.evaluation ?? { pairs: 0 };
  const sections = Object.entries(ways).map(([way, [title]]) => ({
    id: way.replace(' ', '-'),
    title,
    content: html`${charts(report, way as keyof typeof ways)}${table(report, way as keyof typeof ways)}`,
  }));
  const about = html`<p class="note">${recallMeaning} Here Recall@10 of the same ${wholeNumber(pairs)} pairs as more and more of their products, on both sides, lose a modality or get that of another product; which ones is drawn once, the same for all models. The line is the mean over seeds, the band their lowest to highest, a dot a seed. In the charts every item counts: where it lacks what a task asks for, the embedding of what it has stands in, so the pool stays that of all candidates. A curve may rise: a title that stands in for an image can be the better search, and once all items lack the same modality both sides have the same one again. The tables also give the tasks as they are defined, in which an item without the modality is neither query nor candidate: their pools shrink, which alone makes them easier, and a mean is over the tasks that still have a query.</p>`;
  return reproductionPage({
    title: 'Missing and noisy modalities',
    about: 'How much of its recall a model keeps when items lack their image or title, or have a wrong one.',
    tiles: [
      ['models', models.map(({ name }) => name).join(', ')],
      ['judged on', `${wholeNumber(pairs)} ${manifest.split} pairs`],
      ['seeds of training', manifest.seeds?.join(', ') ?? 'none'],
    ],
    warnings,
    sections: [{ id: 'how', title: 'How it is measured', content: about }, ...sections],
    manifest,
  });
}

/** The conditions of a way with their places among all. */
function conditionsOf({ conditions }: MissingReport, way: string): (readonly [place: number, condition: Condition])[] {
  return conditions.flatMap((condition, i) =>
    `${condition.kind} ${condition.modality}` === way ? [[i, condition] as const] : [],
  );
}

function charts(report: MissingReport, way: keyof typeof ways): Html {
  const [title, axis] = ways[way];
  const own = conditionsOf(report, way);
  return html`<div class="charts">
${charted.map(([row, name]) =>
  curveChart({
    id: `${way}-${row}`.replace(/[^a-z]+/gi, '-'),
    title: `${column}, ${name}`,
    note: row === 'vt->vt' ? `${title}; every item counts.` : `${title}; mean over the tasks, every item counts.`,
    xTitle: axis,
    xUnit: percent,
    curves: report.models.map((model) => ({
      name: model.name,
      points: own.flatMap(([place, { share }]) => {
        const values = valuesOf(model, place, ({ all }) => all[row]?.[column]);
        return values.length === 0 ? [] : [{ x: share, mean: meanOfNumbers(values), values }];
      }),
    })),
  }),
)}</div>
`;
}

function valuesOf({ runs }: MissingModel, place: number, of: (result: ConditionResult) => number | null | undefined) {
  return runs.flatMap(({ results }) => {
    const result = results[place];
    const value = result && of(result);
    return typeof value === 'number' ? [value] : [];
  });
}

function table(report: MissingReport, way: keyof typeof ways): Html {
  const rows = charted.map(([row]) => row);
  const lines = report.models.flatMap((model) =>
    conditionsOf(report, way).map(([place, { share }]) => {
      const cell = (of: (result: ConditionResult) => number | null | undefined) => {
        const values = valuesOf(model, place, of);
        if (values.length === 0) return html`<td>-</td>`;
        return html`<td>${numberCell(meanOfNumbers(values), meanOfNumbers(values).toFixed(3))}</td>`;
      };
      const first = model.runs[0]?.results[place];
      const asked = (task: string) => wholeNumber(first?.queries[task]);
      return html`<tr><th scope="row">${model.name}</th><td>${100 * share} %</td>${rows.map((row) => cell(({ all }) => all[row]?.[column]))}${rows.map((row) => cell(({ counted }) => counted[row]?.[column]))}<td>${asked('v->v')}</td><td>${asked('t->t')}</td></tr>
`;
    }),
  );
  const heads = rows.map((row) => html`<th scope="col">${rowTitle(row)}</th>`);
  return html`<details><summary>Numbers</summary><div class="scroll"><table><thead><tr><th></th><th></th><th scope="colgroup" colspan="${rows.length}">${column}, every item counts</th><th scope="colgroup" colspan="${rows.length}">${column}, items with the modality alone</th><th scope="colgroup" colspan="2">queries of the latter</th></tr><tr><th scope="col">model</th><th scope="col">share</th>${heads}${heads}<th scope="col">v-&gt;v</th><th scope="col">t-&gt;t</th></tr></thead>
<tbody>
${lines}</tbody></table></div></details>
`;
}
