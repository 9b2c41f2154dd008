import type { Manifest } from '../files/manifest.js';
import type { ChartData } from './chart-data.js';
import { wholeNumber } from './format-number.js';
import { html, jsonBlock } from './html.js';
import { htmlDocument } from './html-document.js';
import { lineChart, type Mark } from './line-chart.js';
import { pageScript } from './page-script.js';
import { pageStyle } from './page-style.js';
import { runCharts } from './run-charts.js';
import { headline, incidentTable, manifestTables, warnings } from './run-facts.js';
import type { RunHistory } from './run-history.js';
import { bestValidation, validationTables } from './validation-tables.js';

/** What a report page is made from. */
export interface PageContent {
  /** The name of the run, of its folder say. */
  readonly name: string;
  readonly history: RunHistory;
  /** Undefined where the run folder has none that can be read. */
  readonly manifest: Manifest | undefined;
  readonly writtenAt: Date;
}

/** The report of a run as one HTML page that needs nothing else. */
export function reportPage({ name, history, manifest: known, writtenAt }: PageContent): string {
  const manifest: Partial<Manifest> = known ?? {};
  const charts = runCharts(history);
  const best = bestValidation(history);
  const marks: Mark[] = [
    ...(manifest.resumedAt ?? []).map(({ step }) => ({ step, kind: 'resumed' as const })),
    ...(best ? [{ step: best.step, kind: 'best' as const }] : []),
  ];
  const width = charts[0]?.width ?? 1;
  const legend = [
    ...(width > 1 ? [`A point is the mean of ${wholeNumber(width)} steps, the band their lowest to highest.`] : []),
    ...(best ? ['The upright line is the best validation.'] : []),
    ...(marks.some(({ kind }) => kind === 'resumed') ? ['A dashed one: the run was resumed.'] : []),
  ];
  const body = html`<header>
<h1>${name}</h1>
<p class="sub">Training report, written ${writtenAt.toISOString().slice(0, 19).replace('T', ' ')} UTC</p>
</header>
<main>
${headline(history, manifest)}
${warnings(history, manifest)}
<section aria-labelledby="validation"><h2 id="validation">Validation</h2>
${validationTables(history)}
</section>
<section aria-labelledby="charts"><h2 id="charts">Over the steps</h2>
${charts.length === 0 ? html`<p>No step yet.</p>` : html`<p class="note">${legend.join(' ')}</p>`}
<div class="charts">
${charts.map((chart, i) => lineChart(chart, { id: `chart-${i}`, marks }))}</div>
</section>
<section aria-labelledby="incidents"><h2 id="incidents">Incidents</h2>
${incidentTable(history)}
</section>
<section aria-labelledby="made-from"><h2 id="made-from">Made from</h2>
${known === undefined ? html`<p>The run folder has no manifest.json that can be read.</p>` : manifestTables(manifest)}
</section>
</main>
<script type="application/json" id="chart-data">${jsonBlock(scriptData(charts, history, width))}</script>`;
  return htmlDocument({ title: `${name} - training report`, style: pageStyle, script: pageScript, body });
}

/** What the script reads: by chart, the points of its lines. */
function scriptData(charts: readonly ChartData[], { lastStep }: RunHistory, width: number): object {
  const short = (value: number) => Number(value.toPrecision(5));
  const entries = charts.map(({ lines, unit }, i) => [
    `chart-${i}`,
    {
      scale: unit.scale,
      unit: unit.name === '' ? '' : ` ${unit.name}`,
      lines: lines.map(({ name, points }) => ({
        name,
        at: points.map(({ at }) => at),
        mean: points.map(({ mean }) => short(mean)),
        ...(points.some(({ min, max }) => min < max)
          ? { low: points.map(({ min }) => short(min)), high: points.map(({ max }) => short(max)) }
          : {}),
      })),
    },
  ]);
  return { width, steps: Math.max(1, lastStep), charts: Object.fromEntries(entries) };
}
