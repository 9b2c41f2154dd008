import { axisFor, shareBelow, withinBounds } from './axis.js';
import { keys } from './curve-chart.js';
import { shortNumber } from './format-number.js';
import { type Html, html } from './html.js';

const frame = { width: 640, row: 26, left: 96, right: 16, top: 6, bottom: 26 } as const;
/** Between the dots of two series of a row, so that equal ones are seen. */
const apart = 4;

/** How dot plots look, beside `pageStyle`. */
export const dotPlotStyle = '.dot-plot{max-width:50rem}.dot-plot .dots{stroke-width:7}\n';

/** A line of a dot plot. */
export interface DotRow {
  readonly name: string;
  /** A share for each series; undefined where there is none. */
  readonly values: readonly (number | undefined)[];
}

/** A chart of shares, from 0 to 1, by row and series. */
export interface DotPlot {
  /** Different for every chart of a page; a name that HTML can hold. */
  readonly id: string;
  readonly title: string;
  readonly note: string;
  readonly series: readonly string[];
  readonly rows: readonly DotRow[];
}

/** A figure with a line a row and on it a dot for each series, all on one axis. */
export function dotPlot({ id, title, note, series, rows }: DotPlot): Html {
  const all = rows.flatMap(({ values }) => values.filter((value) => value !== undefined));
  if (all.length === 0) return html`<p>${title}: no result yet.</p>`;
  const axis = withinBounds(axisFor(Math.min(...all), Math.max(...all)), [0, 1]);
  const { width, row, left, right, top, bottom } = frame;
  const floor = top + rows.length * row;
  const x = (value: number) => Math.round((left + shareBelow(axis, value) * (width - left - right)) * 10) / 10;
  const said = rows.map(({ name, values }) => {
    const each = values.flatMap((value, i) => (value === undefined ? [] : [`${series[i]} ${value.toFixed(3)}`]));
    return `${name}: ${each.join(', ')}`;
  });
  const lines = rows.map(({ name, values }, i) => {
    const y = top + (i + 0.5) * row;
    const yOf = (s: number) => y + (s - (values.length - 1) / 2) * apart;
    const dots = values.map((value, s) =>
      value === undefined ? undefined : html`<path class="dots c${s % 10}" d="M${x(value)} ${yOf(s)}h.01" />`,
    );
    return html`<path class="grid" d="M${left} ${y}H${width - right}" /><text class="y" x="${left - 8}" y="${y + 4}">${name}</text>${dots}
`;
  });
  return html`<figure class="chart dot-plot"><figcaption><h3>${title}</h3><p>${note}</p></figcaption>
<svg viewBox="0 0 ${width} ${floor + bottom}" role="img" aria-labelledby="${id}-title ${id}-desc">
<title id="${id}-title">${title}</title>
<desc id="${id}-desc">${said.join('. ')}</desc>
${axis.ticks.map(
  (
    tick,
  ) => html`<path class="grid" d="M${x(tick)} ${top}V${floor}" /><text class="x" x="${x(tick)}" y="${floor + 18}">${shortNumber(tick)}</text>
`,
)}${lines}</svg>
${keys(series)}
</figure>
`;
}
