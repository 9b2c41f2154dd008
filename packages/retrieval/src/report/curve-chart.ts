import { axisFor, shareBelow, withinBounds } from './axis.js';
import { inUnit, plain, shortNumber, type Unit } from './format-number.js';
import { type Html, html } from './html.js';

const frame = { width: 480, height: 250, left: 58, right: 14, top: 10, bottom: 44 } as const;

const anything = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] as const;

/** A place of a curve. */
export interface CurvePoint {
  readonly x: number;
  readonly mean: number;
  /** What the mean is of, runs of several seeds say. */
  readonly values: readonly number[];
}

/** A line of the chart. */
export interface Curve {
  readonly name: string;
  readonly points: readonly CurvePoint[];
  /** A dashed line across at this height. */
  readonly level?: number | undefined;
}

/** A chart over numbers of any kind. */
export interface CurveChart {
  /** Different for every chart of a page; a name that HTML can hold. */
  readonly id: string;
  readonly title: string;
  readonly note: string;
  readonly xTitle: string;
  /** How x is shown; default as it is. */
  readonly xUnit?: Unit;
  /** The x that the axis spans beside the points'. */
  readonly along?: readonly number[];
  /** What values can be; default anything. */
  readonly bounds?: readonly [least: number, most: number];
  readonly curves: readonly Curve[];
}

/** A figure with a line through the means of each curve, a band from the lowest to the highest of its values, and a dot each. */
export function curveChart(content: CurveChart): Html {
  const { id, title, note, xTitle, xUnit = plain, along = [], bounds = anything, curves } = content;
  const points = curves.flatMap((curve) => curve.points);
  const all = points.flatMap(({ mean, values }) => [mean, ...values]);
  if (all.length === 0) return html`<p>${title}: no result yet.</p>`;
  const xs = [...along, ...points.map(({ x }) => x)].map((x) => x * xUnit.scale);
  const across = axisFor(Math.min(...xs), Math.max(...xs));
  const up = withinBounds(axisFor(Math.min(...all), Math.max(...all)), bounds);
  const { width, height, left, right, top, bottom } = frame;
  const floor = height - bottom;
  const xOf = (scaled: number) => tenth(left + shareBelow(across, scaled) * (width - left - right));
  const place = {
    x: (value: number) => xOf(value * xUnit.scale),
    y: (value: number) => tenth(floor - shareBelow(up, value) * (floor - top)),
  };
  const said = curves.map((curve) => {
    const each = curve.points.map(({ x, mean }) => `${inUnit(x, xUnit)}: ${mean.toFixed(3)}`);
    return `${curve.name}: ${each.join(', ') || 'none yet'}`;
  });
  return html`<figure class="chart"><figcaption><h3>${title}</h3><p>${note}</p></figcaption>
<svg viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="${id}-title ${id}-desc">
<title id="${id}-title">${title}</title>
<desc id="${id}-desc">${said.join('. ')}</desc>
${up.ticks.map(
  (
    tick,
  ) => html`<path class="grid" d="M${left} ${place.y(tick)}H${width - right}" /><text class="y" x="${left - 6}" y="${place.y(tick) + 4}">${shortNumber(tick)}</text>
`,
)}${across.ticks.map(
  (
    tick,
  ) => html`<path class="grid" d="M${xOf(tick)} ${floor}v4" /><text class="x" x="${xOf(tick)}" y="${floor + 18}">${shortNumber(tick)}</text>
`,
)}<text class="x" x="${(left + width - right) / 2}" y="${height - 6}">${xTitle}</text>
${curves.map((curve, i) => drawn(curve, i, place))}</svg>
${keys(curves.map(({ name }) => name))}
</figure>
`;
}

/** The names of lines with their colours. */
export function keys(names: readonly string[]): Html {
  return html`<p class="keys">${names.map((name, i) => html`<span><svg class="key" viewBox="0 0 20 10" aria-hidden="true"><path class="line c${i % 10}" d="M1 5H19" /></svg>${name}</span> `)}</p>`;
}

function drawn(
  { points, level }: Curve,
  i: number,
  { x, y }: { readonly x: (value: number) => number; readonly y: (value: number) => number },
): Html | undefined {
  if (points.length === 0) return undefined;
  const sorted = [...points].sort((a, b) => a.x - b.x);
  const upper = sorted.map((point) => `${x(point.x)} ${y(Math.max(point.mean, ...point.values))}`);
  const lower = sorted.map((point) => `${x(point.x)} ${y(Math.min(point.mean, ...point.values))}`).reverse();
  const dots = sorted.flatMap((point) => point.values.map((value) => `M${x(point.x)} ${y(value)}h.01`));
  const line = sorted.map((point) => `${x(point.x)} ${y(point.mean)}`).join('L');
  const colour = `c${i % 10}`;
  const across =
    level === undefined
      ? undefined
      : html`<path class="line d1 ${colour} level" d="M${frame.left} ${y(level)}H${frame.width - frame.right}" />`;
  return html`${across}<path class="band ${colour}" d="M${[...upper, ...lower].join('L')}Z" /><path class="line ${colour}" d="M${line}" /><path class="dots ${colour}" d="${dots.join('')}" />
`;
}

function tenth(value: number): number {
  return Math.round(value * 10) / 10;
}
