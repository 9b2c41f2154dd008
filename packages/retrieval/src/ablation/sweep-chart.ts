import { axisFor, shareBelow } from '../report/axis.js';
import { shortNumber } from '../report/format-number.js';
import { type Html, html } from '../report/html.js';
import type { AblationReport } from './ablation-report.js';
import { rowTitle } from './ablation-table.js';

const frame = { width: 480, height: 250, left: 58, right: 14, top: 10, bottom: 44 } as const;

/** A value of the swept setting with what its seeds reached. */
interface SweepPoint {
  readonly value: number;
  readonly mean: number;
  readonly seeds: readonly number[];
}

/**
 * Figure 6: recall over the values of the setting that the arms sweep. The line goes through the means over seeds, the band is their lowest
 * to their highest, every seed has a dot; a dashed line continues the baseline.
 */
export function sweepChart(report: AblationReport, rows: readonly string[], column: `R@${number}`): Html {
  const { sweep, arms, baseline } = report;
  const lines = rows.map((row) => ({ row, points: pointsOf(report, row, column) }));
  const all = lines.flatMap(({ points }) => points.flatMap(({ seeds }) => seeds));
  if (all.length === 0) return html`<p>No result yet.</p>`;
  const values = arms.map(({ value = 0 }) => value);
  const along = axisFor(Math.min(...values), Math.max(...values));
  const up = axisFor(Math.min(...all), Math.max(...all));
  const { width, height, left, right, top, bottom } = frame;
  const floor = height - bottom;
  const x = (value: number) => tenth(left + shareBelow(along, value) * (width - left - right));
  const y = (value: number) => tenth(floor - shareBelow(up, value) * (floor - top));
  const place = { x, y };
  const title = `${column} by ${sweep}`;
  const said = lines.map(({ row, points }) => {
    const each = points.map(({ value, mean }) => `${shortNumber(value)}: ${mean.toFixed(3)}`);
    return `${rowTitle(row)}: ${each.join(', ') || 'none yet'}`;
  });
  const own = arms.find(({ name }) => name === baseline)?.value;
  return html`<figure class="chart"><figcaption><h3>${title}</h3><p>The line is the mean over seeds, the band their lowest to highest, a dot a seed; dashed: ${baseline}.</p></figcaption>
<svg viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="sweep-title sweep-desc">
<title id="sweep-title">${title}</title>
<desc id="sweep-desc">${said.join('. ')}</desc>
${up.ticks.map(
  (
    tick,
  ) => html`<path class="grid" d="M${left} ${y(tick)}H${width - right}" /><text class="y" x="${left - 6}" y="${y(tick) + 4}">${shortNumber(tick)}</text>
`,
)}${along.ticks.map(
  (
    tick,
  ) => html`<path class="grid" d="M${x(tick)} ${floor}v4" /><text class="x" x="${x(tick)}" y="${floor + 18}">${shortNumber(tick)}</text>
`,
)}<text class="x" x="${(left + width - right) / 2}" y="${height - 6}">${sweep}</text>
${lines.map(({ points }, i) => curve(points, i, points.find(({ value }) => value === own)?.mean, place))}</svg>
<p class="keys">${rows.map((row, i) => html`<span><svg class="key" viewBox="0 0 20 10" aria-hidden="true"><path class="line c${i}" d="M1 5H19" /></svg>${rowTitle(row)}</span> `)}</p>
</figure>
`;
}

function pointsOf({ arms }: AblationReport, row: string, column: `R@${number}`): SweepPoint[] {
  const points = arms.flatMap(({ value = 0, cells, mean }) => {
    const recalls = cells.map((cell) => (cell.status === 'finished' ? cell.recall[row]?.[column] : undefined));
    const seeds = recalls.filter((recall) => typeof recall === 'number');
    const own = mean?.[row]?.[column];
    return typeof own === 'number' ? [{ value, mean: own, seeds }] : [];
  });
  return points.sort((a, b) => a.value - b.value);
}

function curve(
  points: readonly SweepPoint[],
  i: number,
  baseline: number | undefined,
  { x, y }: { readonly x: (value: number) => number; readonly y: (value: number) => number },
): Html | undefined {
  if (points.length === 0) return undefined;
  const upper = points.map(({ value, seeds }) => `${x(value)} ${y(Math.max(...seeds))}`);
  const lower = points.map(({ value, seeds }) => `${x(value)} ${y(Math.min(...seeds))}`).reverse();
  const dots = points.flatMap(({ value, seeds }) => seeds.map((seed) => `M${x(value)} ${y(seed)}h.01`));
  const line = points.map(({ value, mean }) => `${x(value)} ${y(mean)}`).join('L');
  const level =
    baseline === undefined
      ? undefined
      : html`<path class="line d1 c${i} level" d="M${frame.left} ${y(baseline)}H${frame.width - frame.right}" />`;
  return html`${level}<path class="band c${i}" d="M${[...upper, ...lower].join('L')}Z" /><path class="line c${i}" d="M${line}" /><path class="dots c${i}" d="${dots.join('')}" />
`;
}

function tenth(value: number): number {
  return Math.round(value * 10) / 10;
}
