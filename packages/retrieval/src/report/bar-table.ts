import { wholeNumber } from './format-number.js';
import { type Html, html, numberCell } from './html.js';

const frame = { width: 320, height: 14 } as const;

/** How a bar table's page looks beside `pageStyle`. */
export const barStyle =
  '.bars td:last-child{padding:0;width:45%;min-width:12rem}.bars svg{display:block;width:100%;height:auto}.bar{fill:var(--c)}\n';

/** A count by name. */
export interface Bar {
  readonly name: string;
  readonly count: number;
}

/**
 * A table of counts with a bar in each line, as long as its share of the largest.
 *
 * @param what is counted and by what: the heads of the first two columns
 * @param total of all, for the shares
 */
export function barTable(bars: readonly Bar[], what: readonly [name: string, count: string], total: number): Html {
  const most = Math.max(1, ...bars.map(({ count }) => count));
  const lines = bars.map(({ name, count }) => {
    const length = Math.round((count / most) * frame.width * 10) / 10;
    return html`<tr><th scope="row">${name}</th><td>${numberCell(count, wholeNumber(count))}</td><td>${((100 * count) / total).toFixed(1)} %</td><td><svg viewBox="0 0 ${frame.width} ${frame.height}" aria-hidden="true"><rect class="bar c0" x="0" y="2" width="${length}" height="${frame.height - 4}" /></svg></td></tr>
`;
  });
  return html`<div class="scroll"><table class="bars"><thead><tr><th scope="col">${what[0]}</th><th scope="col">${what[1]}</th><th scope="col">share</th><th scope="col"><span class="unseen">drawing</span></th></tr></thead>
<tbody>
${lines}</tbody></table></div>
`;
}
