import { dotPlot } from '../report/dot-plot.js';
import { factTables } from '../report/fact-tables.js';
import { shortNumber, wholeNumber } from '../report/format-number.js';
import { type Html, html, numberCell } from '../report/html.js';
import { htmlDocument } from '../report/html-document.js';
import { pageStyle } from '../report/page-style.js';
import type { ArmOutcome, BeyondTextReport } from './beyond-text-report.js';
import { kindMeasure, shownMeasures, signed } from './beyond-text-table.js';
import type { CatalogueSplit } from './query-data.js';

/** The report as one HTML page that needs nothing else: a chart, the tables, the runs, and what it was made from. */
export function beyondTextPage(name: string, report: BeyondTextReport): string {
  const { arms, baseline, bootstrap, recipe, runs, warnings, writtenAt } = report;
  const { data, settings, totalSteps, seeds, ...rest } = recipe;
  const count = (split: CatalogueSplit) =>
    `${wholeNumber(data[split].queries)} queries, ${wholeNumber(data[split].products)} products`;
  const percent = Math.round(bootstrap.confidence * 100);
  const others = arms.filter((arm) => arm.name !== baseline);
  const body = html`<header>
<h1>${name}</h1>
<p class="sub">Beyond Text: two towers, two stages. Written ${writtenAt.slice(0, 19).replace('T', ' ')} UTC</p>
</header>
<main>
<dl class="tiles">${[
    ['runs with a result', `${runs.finished} of ${runs.planned}`],
    ['seeds', seeds.join(', ')],
    ['steps each', wholeNumber(totalSteps)],
    ['trained on', count('train')],
    ['judged on', count('test')],
  ].map(([term, value]) => html`<div><dt>${term}</dt><dd>${value}</dd></div>`)}</dl>
${warnings.length === 0 ? undefined : html`<ul class="warnings">${warnings.map((text) => html`<li>${text}</li>`)}</ul>`}
<section aria-labelledby="test"><h2 id="test">On test</h2>
${dotPlot({
  id: 'measures',
  title: 'Measures on test',
  note: 'Means over seeds. A query asks for all products of the part that it matches.',
  series: arms.map((arm) => arm.name),
  rows: shownMeasures.map((measure) => ({
    name: measure,
    values: arms.map(({ mean }) => mean?.test[measure] ?? undefined),
  })),
})}
${measuresTable(arms, 'test')}
<p class="note">± is the standard deviation over seeds. After stage 1: before the second stage, title and image joined by the sum of their embeddings.</p>
</section>
<section aria-labelledby="gaps"><h2 id="gaps">Difference from ${baseline}, on test</h2>
${gapTable(others)}
<p class="note">Mean over the seeds that both have. The interval (${percent} %, paired bootstrap over queries, ${wholeNumber(bootstrap.resamples)} resamples) covers which queries were asked; it does not cover the seed of training, whose standard deviation is given apart.</p>
</section>
<section aria-labelledby="kinds"><h2 id="kinds">${kindMeasure} by kind of query, on test</h2>
${kindTable(arms, data.test.kinds)}
</section>
<section aria-labelledby="validation"><h2 id="validation">On validation</h2>
${measuresTable(arms, 'validation')}
</section>
<section aria-labelledby="runs"><h2 id="runs">Runs</h2>
${runTable(arms)}
</section>
<section aria-labelledby="made-from"><h2 id="made-from">Made from</h2>
${factTables([
  ['settings', { ...settings, totalSteps, ...rest }],
  ['data', data],
])}
</section>
</main>`;
  return htmlDocument({ title: `${name} - Beyond Text`, style: pageStyle, body });
}

function table(heads: readonly string[], rows: readonly Html[]): Html {
  return html`<div class="scroll"><table><thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
<tbody>
${rows}</tbody></table></div>
`;
}

function row(name: string, cells: readonly (Html | string)[]): Html {
  return html`<tr><th scope="row">${name}</th>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>
`;
}

function measuresTable(arms: readonly ArmOutcome[], split: 'validation' | 'test'): Html {
  const rows = arms.flatMap(({ name, mean, deviation, afterAlignment }) => [
    row(
      name,
      shownMeasures.map((measure) => html`${value(mean?.[split][measure])}${spread(deviation?.[split][measure])}`),
    ),
    ...(afterAlignment
      ? [
          row(
            `${name}, after stage 1`,
            shownMeasures.map((measure) => value(afterAlignment[split][measure])),
          ),
        ]
      : []),
  ]);
  return table(['arm', ...shownMeasures], rows);
}

function gapTable(arms: readonly ArmOutcome[]): Html {
  const rows = arms.map(({ name, gap }) =>
    row(
      name,
      shownMeasures.map((measure) => {
        const cell = gap?.[measure];
        if (!cell) return '-';
        const text = `${signed(cell.difference)} [${signed(cell.low)}, ${signed(cell.high)}]`;
        return html`${numberCell(cell.difference, text)}${spread(cell.deviation)}`;
      }),
    ),
  );
  return table(['arm', ...shownMeasures], rows);
}

function kindTable(
  arms: readonly ArmOutcome[],
  kinds: readonly { readonly kind: string; readonly queries: number }[],
): Html {
  const asked = kinds.filter(({ queries }) => queries > 0);
  const rows = arms.map((arm) =>
    row(
      arm.name,
      asked.map(({ kind }) => value(arm.kinds?.[kind]?.[kindMeasure])),
    ),
  );
  return table(['arm', ...asked.map(({ kind, queries }) => `${kind} (${wholeNumber(queries)})`)], rows);
}

function runTable(arms: readonly ArmOutcome[]): Html {
  const rows = arms.flatMap(({ name, runs }) =>
    runs.map((run) => {
      const { seed, folder } = run;
      if (run.status !== 'finished') return row(name, [`${seed}`, run.status, '-', '-', '-', '-', folder]);
      const seconds = run.stages.reduce((sum, stage) => sum + stage.seconds, 0);
      const steps = run.stages.map(({ stage, steps: count }) => `${stage} ${wholeNumber(count)}`).join(', ');
      const cells = [`${seed}`, run.status, steps, shortNumber(seconds), wholeNumber(run.parameters), run.device];
      return row(name, [...cells, folder]);
    }),
  );
  return table(['arm', 'seed', 'status', 'steps', 'seconds of training', 'parameters', 'device', 'folder'], rows);
}

function value(number: number | null | undefined): Html | string {
  return typeof number === 'number' ? numberCell(number, number.toFixed(3)) : '-';
}

function spread(deviation: number | null | undefined): Html | undefined {
  return typeof deviation === 'number' ? html` <small>± ${deviation.toFixed(3)}</small>` : undefined;
}
