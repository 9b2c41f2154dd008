import { factTables } from '../report/fact-tables.js';
import { type Html, html } from '../report/html.js';
import { htmlDocument } from '../report/html-document.js';
import { pageStyle } from '../report/page-style.js';
import type { ReproductionManifest } from './reproduction-manifest.js';

/** A part of a page under its own heading. */
export interface PageSection {
  /** A name that HTML can hold. */
  readonly id: string;
  readonly title: string;
  readonly content: Html;
}

/** What the page of a reproduction is made of. */
export interface ReproductionPage {
  readonly title: string;
  /** What of the paper it is. */
  readonly about: string;
  readonly tiles: readonly (readonly [name: string, value: string])[];
  readonly warnings: readonly string[];
  readonly sections: readonly PageSection[];
  readonly manifest: ReproductionManifest;
  /** Beside `pageStyle`. */
  readonly style?: string;
  /** Whether it shows pictures. */
  readonly pictures?: boolean;
}

/** A page that needs nothing else: what was found, and what it was made from. */
export function reproductionPage(page: ReproductionPage): string {
  const { title, about, tiles, warnings, manifest, style = '', pictures = false } = page;
  const sections = [...page.sections, { id: 'made-from', title: 'Made from', content: madeFrom(manifest) }];
  const body = html`<header>
<h1>${title}</h1>
<p class="sub">${about} Written ${manifest.writtenAt.slice(0, 19).replace('T', ' ')} UTC.</p>
</header>
<main>
<dl class="tiles">${tiles.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
${warnings.length === 0 ? undefined : html`<ul class="warnings">${warnings.map((text) => html`<li>${text}</li>`)}</ul>`}
${sections.map(
  ({ id, title: heading, content }) => html`<section aria-labelledby="${id}"><h2 id="${id}">${heading}</h2>
${content}
</section>
`,
)}</main>`;
  return htmlDocument({ title: `${title} - UniECS`, style: `${pageStyle}${style}`, body, pictures });
}

function madeFrom(manifest: ReproductionManifest): Html {
  const { device, seeds, split, settings, arms, data, models, embeddings, options, machine, versions } = manifest;
  return factTables([
    ['Run', { writtenAt: manifest.writtenAt, device, seeds, split, ...options }],
    ['Data', data],
    ['Models', models],
    ['Embeddings', embeddings],
    ['Settings for all', settings],
    ['Arms', arms && Object.fromEntries(arms.map((arm) => [arm.name, arm.settings]))],
    ['Machine', machine],
    ['Versions', versions],
  ]);
}
