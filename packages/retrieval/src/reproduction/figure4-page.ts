import { wholeNumber } from '../report/format-number.js';
import { type Html, html } from '../report/html.js';
import type { Figure4Report, NamedItem, Panel, PanelRow } from './figure4.js';
import { reproductionPage } from './reproduction-page.js';

const style = `.panel-row{background:var(--panel);border-radius:.5rem;padding:.75rem;margin:0 0 1rem}
.panels{display:grid;grid-template-columns:minmax(7rem,auto) 1fr;gap:.5rem 1rem;align-items:center}
.panels h4{margin:0;font-size:.9rem}.panels p{margin:0;font-size:.8rem;color:var(--soft)}
.found{display:flex;flex-wrap:wrap;gap:.5rem;list-style:none;margin:0;padding:0}
.product{width:6.5rem;margin:0;font-size:.72rem;line-height:1.25;border:2px solid transparent;border-radius:.35rem;padding:.2rem;overflow-wrap:anywhere}
.product img,.blank{display:block;width:100%;height:6rem;object-fit:contain;background:#fff;border-radius:.2rem}
.product.right{border-color:var(--c2);background:var(--best)}
`;

/** What a query of each kind shows of its product. */
const asked: Readonly<Record<string, string>> = { t: 'its title', v: 'its image', vt: 'its image and title' };

/**
 * The page of Figure 4.
 *
 * @param pictures addresses by product id
 */
export function figure4Page(report: Figure4Report, pictures: ReadonlyMap<string, string>): string {
  const { rows, manifest, warnings } = report;
  const { pairs } = manifest.data.evaluation ?? { pairs: 0 };
  const names = [...new Set(rows.map(({ task }) => task))];
  const sections = names.map((task) => {
    const [query = '', candidate = ''] = task.split('->');
    return {
      id: task.replace('->', '-to-'),
      title: `${task}: asked by ${asked[query]}, candidates by ${asked[candidate]}`,
      content: html`${rows.filter((row) => row.task === task).map((row) => panelRow(row, pictures))}`,
    };
  });
  const note = html`<p class="note">The queries are drawn at random before anything is known of what is found, the same for all models. Of each model the five best of ${wholeNumber(pairs)} candidates, the best first; framed, with a check mark: the query's own partner, the one right answer. Pictures and titles are shown whatever the task looks at.</p>`;
  return reproductionPage({
    title: 'Figure 4',
    about: 'The five best candidates of three models for the same queries.',
    tiles: [
      ['models', manifest.models?.map(({ name }) => name).join(', ') ?? ''],
      ['queries', `${rows.length}`],
      ['candidates', wholeNumber(pairs)],
    ],
    warnings,
    sections: [{ id: 'how', title: 'How it is made', content: note }, ...sections],
    manifest,
    style,
    pictures: true,
  });
}

function panelRow({ line, query, partner, panels }: PanelRow, pictures: ReadonlyMap<string, string>): Html {
  return html`<div class="panel-row"><div class="panels">
<div><h4>Query, right answer</h4><p>pair of line ${wholeNumber(line)}</p></div><ul class="found">${product(query, pictures)}${product(partner, pictures, true)}</ul>
${panels.map((panel) => models(panel, pictures))}</div></div>
`;
}

function models({ model, rank, best }: Panel, pictures: ReadonlyMap<string, string>): Html {
  return html`<div><h4>${model}</h4><p>right answer: rank ${wholeNumber(rank)}</p></div><ol class="found">${best.map((one) => product(one, pictures, one.right))}</ol>
`;
}

function product({ id, title }: NamedItem, pictures: ReadonlyMap<string, string>, right = false): Html {
  const picture = pictures.get(id);
  const name = title ?? `${id}, without a title`;
  // The title stands below: nothing is lost where the picture is not seen.
  const shown = picture ? html`<img src="${picture}" alt="">` : html`<span class="blank"></span>`;
  return html`<li class="product${right ? ' right' : ''}">${shown}${right ? '✓ ' : ''}${name}</li>`;
}
