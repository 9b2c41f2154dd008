import { wholeNumber } from '../report/format-number.js';
import { html, numberCell } from '../report/html.js';
import { scatterChart } from '../report/scatter-chart.js';
import { type Figure5Report, modalities } from './figure5.js';
import { reproductionPage } from './reproduction-page.js';

const style = '.cloud{stroke-width:3;opacity:.55}\n';
const names = { image: 'v: image alone', text: 't: title alone', fused: 'f: both' } as const;

/** The page of Figure 5. */
export function figure5Page(report: Figure5Report): string {
  const { models, items, manifest, warnings } = report;
  const charts = models.map(({ name, places, gaps }, i) =>
    scatterChart({
      id: `map-${i}`,
      title: name,
      note: `Gap between the centroids of v and t: ${gaps.imageText.toFixed(3)}.`,
      clouds: modalities.map((view) => ({ name: names[view], places: places[view] })),
    }),
  );
  const lines = models.map(({ name, arm, seed, gaps }) => {
    const cells = [gaps.imageText, gaps.imageFused, gaps.textFused].map(
      (gap) => html`<td>${numberCell(gap, gap.toFixed(3))}</td>`,
    );
    return html`<tr><th scope="row">${name}</th><td class="text">${arm ?? 'given'}</td><td>${seed ?? '-'}</td>${cells}</tr>
`;
  });
  const table = html`<div class="scroll"><table><thead><tr><th scope="col">model</th><th scope="col">arm</th><th scope="col">seed</th><th scope="col">v and t</th><th scope="col">v and f</th><th scope="col">t and f</th></tr></thead>
<tbody>
${lines}</tbody></table></div>
<p class="note">The distance between the mean embedding of one modality and that of the other, in the space of the embeddings (norm 1), not in the picture: 0 where both lie around the same point, at most 2.</p>`;
  const note = html`<p class="note">The embeddings of ${wholeNumber(items.length)} items, drawn at random, by t-SNE: of the image alone, of the title alone, and of both; near points are near in the space of the embeddings. What lies far apart, how large a cluster is, and the axes mean little in such a picture.</p>`;
  return reproductionPage({
    title: 'Figure 5',
    about: 'Embeddings by modality, three models side by side.',
    tiles: [
      ['models', models.map(({ name }) => name).join(', ')],
      ['items', wholeNumber(items.length)],
      ['points a model', wholeNumber(modalities.length * items.length)],
    ],
    warnings,
    sections: [
      { id: 'maps', title: 'Embeddings in the plane', content: html`${note}<div class="charts">${charts}</div>` },
      { id: 'gaps', title: 'Gaps between the modalities', content: table },
    ],
    manifest,
    style,
  });
}
