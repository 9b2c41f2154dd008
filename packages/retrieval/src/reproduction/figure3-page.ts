import { barStyle, barTable } from '../report/bar-table.js';
import { wholeNumber } from '../report/format-number.js';
import { html } from '../report/html.js';
import type { Figure3Report } from './figure3.js';
import { reproductionPage } from './reproduction-page.js';

/** Categories that the chart shows; the others are behind it. */
const shown = 30;

/** The page of Figure 3. */
export function figure3Page(report: Figure3Report): string {
  const { counts, category, products, unknown, manifest, warnings } = report;
  const heads = [category, 'products'] as const;
  const rest = counts.slice(shown);
  const others = rest.reduce((sum, { count }) => sum + count, 0);
  const more =
    rest.length === 0
      ? undefined
      : html`<p class="note">And ${wholeNumber(rest.length)} more categories with ${wholeNumber(others)} products.</p>
<details><summary>The others</summary>${barTable(rest, heads, products)}</details>`;
  return reproductionPage({
    title: 'Figure 3',
    about: 'The categories of the benchmark.',
    tiles: [
      ['products', wholeNumber(products)],
      ['categories', wholeNumber(counts.length)],
      ['without a category', wholeNumber(unknown)],
    ],
    warnings,
    sections: [
      {
        id: 'categories',
        title: `Products by ${category}`,
        content: html`<p class="note">Every product of the pairs once, on either side.</p>${barTable(counts.slice(0, shown), heads, products)}${more}`,
      },
    ],
    manifest,
    style: barStyle,
  });
}
