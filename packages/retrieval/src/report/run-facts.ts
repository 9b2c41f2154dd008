import type { Manifest } from '../files/manifest.js';
import { factTables } from './fact-tables.js';
import { gibibytes, inUnit, percent, shortNumber, wholeNumber } from './format-number.js';
import { type Html, html } from './html.js';
import type { RunHistory } from './run-history.js';
import { bestValidation } from './validation-tables.js';

/** The figures that a reader looks for first. */
export function headline(history: RunHistory, manifest: Partial<Manifest>): Html {
  const { series, lastStep, totalSteps, epoch, later } = history;
  const best = bestValidation(history)?.report.mean['R@10'];
  const mean = (path: string) => {
    const buckets = [...(series.get(path)?.buckets.values() ?? [])];
    const count = buckets.reduce((sum, bucket) => sum + bucket.count, 0);
    return count === 0 ? undefined : buckets.reduce((sum, bucket) => sum + bucket.sum, 0) / count;
  };
  const loss = series.get('loss');
  const peak = manifest.peakRssBytes ?? series.get('rssBytes')?.most?.value;
  const tiles: readonly (readonly [string, string])[] = [
    ['status', manifest.status ?? 'unknown'],
    ['steps', totalSteps > 0 ? `${wholeNumber(lastStep)} of ${wholeNumber(totalSteps)}` : wholeNumber(lastStep)],
    ['epoch', wholeNumber(epoch)],
    ['best mean R@10', typeof best === 'number' ? best.toFixed(3) : '-'],
    ['loss, first to last', `${shortNumber(loss?.first?.value)} to ${shortNumber(loss?.last?.value)}`],
    ['pairs a second, mean', shortNumber(mean('pairsPerSecond'))],
    ['waiting for data, mean', inUnit(mean('dataWait'), percent)],
    ['after the first epoch', inUnit(later.time > 0 ? later.waited / later.time : undefined, percent)],
    ['peak memory', inUnit(peak, gibibytes)],
  ];
  return html`<dl class="tiles">${tiles.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`;
}

/** What a reader must know before believing the rest; nothing where all is well. */
export function warnings(history: RunHistory, manifest: Partial<Manifest>): Html | undefined {
  const { damaged, incidentCounts, series } = history;
  const said: string[] = [];
  if (manifest.error !== undefined) said.push(`The run failed: ${manifest.error}`);
  if (manifest.status === 'running') said.push('The run was going on when this page was written.');
  if (manifest.status === 'interrupted') said.push('The run was interrupted; it can be resumed.');
  if (manifest.stoppedEarly) said.push('The run stopped early: validations did not get better any more.');
  for (const [type, count] of incidentCounts) said.push(`${wholeNumber(count)} of '${type}'; see Incidents.`);
  for (const [path, { lost }] of series) {
    if (lost > 0 && !path.startsWith('validation.'))
      said.push(`${path} was no finite number at ${count(lost, 'step')}.`);
  }
  if (damaged > 0) said.push(`${count(damaged, 'line')} of metrics.jsonl could not be read and were left out.`);
  return said.length === 0 ? undefined : html`<ul class="warnings">${said.map((text) => html`<li>${text}</li>`)}</ul>`;
}

/** Steps that were skipped, saves that failed. */
export function incidentTable({ incidents, incidentCounts }: RunHistory): Html {
  if (incidents.length === 0) return html`<p>None: no step was skipped.</p>`;
  const all = [...incidentCounts.values()].reduce((sum, n) => sum + n, 0);
  const rows = incidents.map(
    ({ step, type, text }) =>
      html`<tr><th scope="row">${wholeNumber(step)}</th><td class="text">${type}</td><td class="text">${text}</td></tr>
`,
  );
  return html`${all > incidents.length ? html`<p>The first ${incidents.length} of ${wholeNumber(all)}.</p>` : undefined}<div class="scroll"><table><thead><tr><th scope="col">step</th><th scope="col">what</th><th scope="col">told</th></tr></thead>
<tbody>
${rows}</tbody></table></div>`;
}

/** The manifest as tables: times, data, machine, versions, settings. */
export function manifestTables(manifest: Partial<Manifest>): Html {
  const {
    settings,
    model,
    device,
    data,
    machine,
    versions,
    terms,
    seed,
    status,
    startedAt,
    resumedAt,
    finishedAt,
    starts,
  } = manifest;
  const resumed = resumedAt?.map(({ time, step }) => `${time} after step ${step}`);
  const parts: readonly (readonly [string, object | undefined])[] = [
    [
      'Run',
      { status, seed, device, startedAt, resumedAt: resumed, finishedAt, terms, peakRssBytes: manifest.peakRssBytes },
    ],
    ['Settings', settings],
    ['Model', model],
    ['Data', data],
    ['Machine', machine],
    ['Versions', versions],
    ['Starts', starts && starts.length > 1 ? starts : undefined],
  ];
  return factTables(parts);
}

function count(n: number, what: string): string {
  return `${wholeNumber(n)} ${what}${n === 1 ? '' : 's'}`;
}
