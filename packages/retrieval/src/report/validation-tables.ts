import type { EvaluationReport, RecallValues } from '@uniecs/mbeer';
import { recallMeaning } from '@uniecs/mbeer';
import { wholeNumber } from './format-number.js';
import { type Html, html, numberCell } from './html.js';
import { imageSidedMean, type RunHistory, type Validated } from './run-history.js';

/** Validations that a table shows; of more, the best, the last, and others evenly between. */
const mostRows = 60;

/** The validation that the run kept the weights of; undefined before the first. */
export function bestValidation({ validations }: RunHistory): Validated | undefined {
  return validations.findLast(({ isBest }) => isBest);
}

/** The validations of a run: the best one task by task, and all over time, the best one marked. */
export function validationTables(history: RunHistory): Html {
  const { validations } = history;
  const best = bestValidation(history);
  const last = validations.at(-1);
  if (last === undefined) return html`<p>No validation yet.</p>`;
  const shown = chosen(validations, best);
  const columns = Object.keys(last.report.mean) as `R@${number}`[];
  const fewer =
    shown.length < validations.length
      ? html`<p>${wholeNumber(shown.length)} of ${wholeNumber(validations.length)} validations: the best, the last, and others evenly between.</p>`
      : undefined;
  const overTime = columns.map((column) => overTimeTable(column, shown, best, last.report));
  return html`${best ? html`<h3>The best: step ${wholeNumber(best.step)}, epoch ${wholeNumber(best.epoch)}</h3>${taskTable(best.report, columns)}` : undefined}
${best && best !== last ? html`<details><summary>The last: step ${wholeNumber(last.step)}, epoch ${wholeNumber(last.epoch)}</summary>${taskTable(last.report, columns)}</details>` : undefined}
<h3>Over time</h3>
${fewer}
${overTime}
<p class="note">t: title, v: image, vt: both; query first. ${recallMeaning} Image-sided: the mean over the tasks with an image-only side. The best validation is the one of the highest mean R@10.</p>`;
}

function taskTable(report: EvaluationReport, columns: readonly `R@${number}`[]): Html {
  const recalls = (values: RecallValues) => columns.map((column) => html`<td>${recall(values[column])}</td>`);
  const tasks = Object.entries(report.tasks).map(
    ([name, task]) =>
      html`<tr><th scope="row">${name}</th>${recalls(task)}<td>${wholeNumber(task.queries)}</td><td>${wholeNumber(task.candidates)}</td></tr>
`,
  );
  const sided = imageSidedMean(report);
  const sidedRow =
    Object.keys(sided).length > 0
      ? html`<tr><th scope="row">mean, image-sided</th>${recalls(sided)}<td></td><td></td></tr>`
      : undefined;
  return html`<div class="scroll"><table><thead><tr><th scope="col">task</th>${columns.map((column) => html`<th scope="col">${column}</th>`)}<th scope="col">queries</th><th scope="col">candidates</th></tr></thead>
<tbody>
${tasks}</tbody><tfoot><tr><th scope="row">mean</th>${recalls(report.mean)}<td></td><td></td></tr>
${sidedRow}</tfoot></table></div>`;
}

/** One Recall@K of every task, a row a validation; that of the mean's best column stands open. */
function overTimeTable(
  column: `R@${number}`,
  shown: readonly Validated[],
  best: Validated | undefined,
  { tasks }: EvaluationReport,
): Html {
  const names = Object.keys(tasks);
  const rows = shown.map((validation) => {
    const { step, epoch, report, seconds } = validation;
    const isBest = validation === best;
    return html`<tr${isBest ? html` class="best"` : undefined}><th scope="row">${wholeNumber(step)}${isBest ? html` <strong>best</strong>` : undefined}</th><td>${wholeNumber(epoch)}</td><td>${recall(report.mean[column])}</td><td>${recall(imageSidedMean(report)[column])}</td>${names.map((name) => html`<td>${recall(report.tasks[name]?.[column])}</td>`)}<td>${Number.isFinite(seconds) ? seconds.toFixed(1) : '-'}</td></tr>
`;
  });
  const heads = ['step', 'epoch', 'mean', 'image-sided', ...names, 'seconds'];
  return html`<details${column === 'R@10' ? html` open` : undefined}><summary>${column}</summary><div class="scroll tall" tabindex="0" role="group" aria-label="${column} over time"><table><thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
<tbody>
${rows}</tbody></table></div></details>
`;
}

function recall(value: number | null | undefined): Html | string {
  return typeof value === 'number' ? numberCell(value, value.toFixed(3)) : '-';
}

function chosen(validations: readonly Validated[], best: Validated | undefined): readonly Validated[] {
  if (validations.length <= mostRows) return validations;
  const stride = (validations.length - 1) / (mostRows - 2);
  const even = new Set(Array.from({ length: mostRows - 1 }, (_, i) => validations[Math.round(i * stride)]));
  return validations.filter((validation) => validation === best || even.has(validation));
}
