import { createHash } from 'node:crypto';
import type { Item, Pair } from '@uniecs/mbeer';
import { html, jsonBlock } from '../report/html.js';
import { htmlDocument } from '../report/html-document.js';
import { pageStyle } from '../report/page-style.js';
import { verificationScript } from './verification-script.js';

const style = `${pageStyle}
body{max-width:64rem}
#pair{display:grid;grid-template-columns:1fr 1fr;gap:1rem;border:3px solid var(--rule);border-radius:.5rem;padding:1rem;margin:1rem 0}
#pair[data-state=accept]{border-color:var(--c2)}#pair[data-state=reject]{border-color:var(--c8)}
#pair figure{margin:0;min-width:0}
#pair img,.blank{display:block;width:100%;height:min(45vh,24rem);object-fit:contain;background:#fff;border-radius:.35rem}
.blank{display:grid;place-items:center;color:#57606a}.blank[hidden],#pair img[hidden]{display:none}
#pair figcaption{overflow-wrap:anywhere;margin-top:.5rem}
.row{display:flex;flex-wrap:wrap;gap:.5rem;align-items:center;margin:.5rem 0}
button,.file{font:inherit;padding:.5rem 1rem;border:1px solid var(--rule);border-radius:.35rem;background:var(--panel);color:var(--text);cursor:pointer}
#accept{border-color:var(--c2)}#reject{border-color:var(--c8)}
.file input{position:absolute;opacity:0;width:1px}
.file:focus-within{outline:2px solid var(--c0);outline-offset:2px}
kbd{font-size:.8em;color:var(--soft);margin-left:.4em}
#note{min-height:1.5em;color:var(--soft)}
`;

/**
 * A page for the paper's manual verification (4.1.1): somebody looks at one pair after the other and accepts or rejects it, by button or
 * key. It needs nothing else and connects to nothing: pictures stand in it. What was decided stays in the browser under a name made of
 * the pairs, can be saved as a file that `uniecs data build --decisions` takes, and read back from one.
 *
 * @param pairs at least one
 * @param pictures addresses (`data:`) by image path; an item without one is shown by its title
 */
export function verificationPage(pairs: readonly Pair[], pictures: ReadonlyMap<string, string>): string {
  const shown = ({ id, title = '', image = '' }: Item) => ({ id, title, picture: pictures.get(image) ?? '' });
  const ids = pairs.map(({ item1, item2 }) => [item1.id, item2.id]);
  const key = `uniecs decisions ${createHash('sha256').update(JSON.stringify(ids)).digest('hex').slice(0, 16)}`;
  const data = { key, pairs: pairs.map(({ item1, item2 }) => ({ item1: shown(item1), item2: shown(item2) })) };
  const figure = (place: 1 | 2) => html`<figure>
<img id="picture${place}" alt=""><div class="blank" id="missing${place}" hidden>no picture</div>
<figcaption><strong id="title${place}"></strong><br><small id="id${place}"></small></figcaption>
</figure>`;
  const button = (id: string, text: string, press: string) =>
    html`<button type="button" id="${id}">${text}<kbd>${press}</kbd></button>`;
  const body = html`<main>
<h1>Are these two of one style?</h1>
<p class="sub"><span id="place"></span>: <span id="state"></span>. <span id="counts"></span>.</p>
<section id="pair" aria-live="polite">${figure(1)}${figure(2)}</section>
<div class="row">${button('accept', 'Accept', 'A')}${button('reject', 'Reject', 'R')}${button('clear', 'Take back', 'U')}${button('previous', 'Previous', '←')}${button('next', 'Next', '→')}</div>
<div class="row">${button('save', 'Save decisions.json', 'S')}<label class="file">Read a file of decisions<input type="file" id="load" accept=".json,application/json"></label></div>
<p id="note" role="status"></p>
<noscript><p class="warnings">This page needs its script, which stands in it and connects to nothing.</p></noscript>
</main>
<script type="application/json" id="pairs">${jsonBlock(data)}</script>`;
  return htmlDocument({ title: 'Verify pairs', style, script: verificationScript, body, pictures: true });
}
