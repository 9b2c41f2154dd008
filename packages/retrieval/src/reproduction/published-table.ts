import { type PublishedRecall, recallMeaning, tasks } from '@uniecs/mbeer';
import { rowTitle, tableBlocks } from '../ablation/ablation-table.js';
import { ks } from '../ablation/cell-files.js';
import type { ByRow } from '../ablation/recall-rows.js';
import { type Html, html, numberCell } from '../report/html.js';

/** How such a table looks, beside `pageStyle`. */
export const publishedStyle = '.published{color:var(--soft)}.first{border-left:1px solid var(--rule)}\n';

/** A line of a table of recall with what the paper prints of it. */
export interface PublishedLine {
  readonly name: string;
  /** What stands in the place of numbers, where there are none. */
  readonly note?: string | undefined;
  readonly mean: ByRow<number | null> | null;
  /** Over seeds. */
  readonly deviation: ByRow<number | null> | null;
  /** Recall at 1, 5 and 10 by task, where the paper has the line. */
  readonly published: Readonly<Record<string, PublishedRecall>> | null;
}

/** What a reader must know of the columns that are marked as published. */
export function publishedNote(paper: string): Html {
  return html`<p class="note">t title, v image, vt both, query first. ${recallMeaning} Image-sided: the mean over the tasks with an image-only side. ± is the standard deviation over seeds. <strong>Published</strong> columns are the paper's own figures (${paper}), measured by its authors on their data, which are not public: they are not to be compared with the others number by number.</p>
`;
}

/** Recall of every line, three tasks a block, each beside the published figures; then the means, of which the paper prints none. */
export function publishedTables(lines: readonly PublishedLine[]): Html {
  return html`${tableBlocks.map((block) => blockTable(lines, block))}`;
}

function blockTable(lines: readonly PublishedLine[], block: readonly string[]): Html {
  const printed = (row: string) => tasks.some(({ name }) => name === row);
  const groups = block.map((row) => {
    const own = html`<th scope="colgroup" class="first" colspan="${ks.length}">${rowTitle(row)}</th>`;
    if (!printed(row)) return own;
    return html`${own}<th scope="colgroup" class="published first" colspan="${ks.length}">${rowTitle(row)}, published</th>`;
  });
  const columns = (kind: string) =>
    ks.map((k, i) => html`<th scope="col" class="${kind}${i === 0 ? ' first' : ''}">R@${k}</th>`);
  const heads = block.map((row) => html`${columns('')}${printed(row) ? columns('published') : undefined}`);
  const body = lines.map((line) => {
    const cells = block.map(
      (row) => html`${ownCells(line, row)}${printed(row) ? publishedCells(line, row) : undefined}`,
    );
    return html`<tr><th scope="row">${line.name}</th>${cells}</tr>
`;
  });
  return html`<div class="scroll"><table><thead><tr><th></th>${groups}</tr><tr><th scope="col">method</th>${heads}</tr></thead>
<tbody>
${body}</tbody></table></div>
`;
}

function ownCells({ mean, deviation, note }: PublishedLine, row: string): Html | Html[] {
  if (note !== undefined) return html`<td class="first" colspan="${ks.length}">${note}</td>`;
  return ks.map((k) => {
    const value = mean?.[row]?.[`R@${k}`];
    const spread = deviation?.[row]?.[`R@${k}`];
    const shown = typeof value === 'number' ? numberCell(value, value.toFixed(3)) : '-';
    const after = typeof spread === 'number' ? html` <small>± ${spread.toFixed(3)}</small>` : undefined;
    return html`<td>${shown}${after}</td>`;
  });
}

function publishedCells({ published }: PublishedLine, row: string): Html[] {
  return ks.map((_, i) => {
    const value = published?.[row]?.[i];
    const shown = typeof value === 'number' ? numberCell(value, value.toFixed(2)) : '-';
    return html`<td class="published${i === 0 ? ' first' : ''}">${shown}</td>`;
  });
}
