import { type Axis, axisFor, roundNumbers, shareBelow } from './axis.js';
import type { ChartData, Line, Point } from './chart-data.js';
import { inUnit, shortNumber, wholeNumber } from './format-number.js';
import { type Html, html, numberCell } from './html.js';
import type { ValueAt } from './series.js';

/** Where a chart's parts stand, in the units of its view box. */
export const frame = { width: 480, height: 230, left: 58, right: 12, top: 10, bottom: 30 } as const;

/** Points of a line that are drawn as dots as well; more would hide it. */
const mostDots = 60;

/** A step that all charts mark. */
export interface Mark {
  readonly step: number;
  readonly kind: 'best' | 'resumed';
}

/** What a chart is drawn with. */
export interface ChartPlace {
  /** Different for every chart of a page; a name that HTML and CSS can hold. */
  readonly id: string;
  readonly marks: readonly Mark[];
}

/** A chart as a figure: an SVG with title and description, a line for the read-out, and a table of the numbers that is its legend. */
export function lineChart(data: ChartData, { id, marks }: ChartPlace): Html {
  const { title, note, lines, unit } = data;
  const points = lines.flatMap((line) => line.points);
  const low = Math.min(...points.map(({ min }) => min));
  const high = Math.max(...points.map(({ max }) => max));
  const axis = axisFor(
    (data.fromZero ? Math.min(0, low) : low) * unit.scale,
    (data.fromZero ? Math.max(0, high) : high) * unit.scale,
    data.mayBeLog,
  );
  const place = placing(data, axis);
  const suffix = `${unit.name === '' ? '' : `, ${unit.name}`}${axis.log ? ', logarithmic' : ''}`;
  return html`<figure class="chart" id="${id}">
<figcaption><h3>${title}${suffix === '' ? undefined : html`<small>${suffix}</small>`}</h3><p>${note}</p></figcaption>
<div class="plot" data-chart="${id}">
<svg viewBox="0 0 ${frame.width} ${frame.height}" role="img" aria-labelledby="${id}-title ${id}-desc">
<title id="${id}-title">${title}${suffix} by step</title>
<desc id="${id}-desc">${description(data)}</desc>
${grid(data, axis, place)}
${marks.filter(({ step }) => step >= 1 && step <= data.steps).map((mark) => markLine(mark, place))}
${lines.map((line, i) => curve(line, i, data.sparse, place))}
<line class="cursor" x1="0" x2="0" y1="${frame.top}" y2="${frame.height - frame.bottom}" />
</svg>
</div>
<p class="read" aria-live="polite"></p>
${numbers(data)}
</figure>
`;
}

/** The class of a line: ten colours, then the same with other dashes. */
export function lineClass(i: number): string {
  return `c${i % 10} d${Math.floor(i / 10) % 3}`;
}

interface Placing {
  x(step: number): number;
  y(value: number): number;
}

function placing({ steps, unit }: ChartData, axis: Axis): Placing {
  const { width, height, left, right, top, bottom } = frame;
  return {
    x: (step) => tenth(left + (steps > 1 ? (step - 1) / (steps - 1) : 0.5) * (width - left - right)),
    y: (value) => tenth(height - bottom - shareBelow(axis, value * unit.scale) * (height - top - bottom)),
  };
}

function tenth(value: number): number {
  return Math.round(value * 10) / 10;
}

function grid({ steps }: ChartData, axis: Axis, { x }: Placing): Html {
  const { width, height, left, right, top, bottom } = frame;
  const floor = height - bottom;
  const across = axis.ticks.map((tick) => {
    const y = tenth(floor - shareBelow(axis, tick) * (floor - top));
    return html`<path class="grid" d="M${left} ${y}H${width - right}" /><text class="y" x="${left - 6}" y="${y + 4}">${shortNumber(tick)}</text>
`;
  });
  const marked = steps > 1 ? roundNumbers(1, steps, 4).filter(Number.isInteger) : [1];
  const along = marked.map((step) => {
    // A long number at the end would stand beyond the edge.
    const ends = x(step) > width - right - 24 && steps > 1;
    return html`<path class="grid" d="M${x(step)} ${floor}v4" /><text class="x${ends ? ' end' : ''}" x="${ends ? width - 2 : x(step)}" y="${floor + 18}">${wholeNumber(step)}</text>
`;
  });
  return html`${across}${along}`;
}

function markLine({ step, kind }: Mark, { x }: Placing): Html {
  return html`<path class="mark ${kind}" d="M${x(step)} ${frame.top}V${frame.height - frame.bottom}" />
`;
}

function curve({ points }: Line, i: number, sparse: boolean, place: Placing): Html {
  const pieces = sparse ? [points] : contiguous(points);
  const bands = pieces.filter((piece) => piece.some(({ min, max }) => min < max));
  const band = bands.map((piece) => {
    const upper = piece.map(({ step, max }) => `${place.x(step)} ${place.y(max)}`);
    const lower = piece.map(({ step, min }) => `${place.x(step)} ${place.y(min)}`).reverse();
    return `M${[...upper, ...lower].join('L')}Z`;
  });
  // A round cap makes a dot of a line without a length.
  const line = pieces.map((piece) => {
    const way = piece.map(({ step, mean }) => `${place.x(step)} ${place.y(mean)}`).join('L');
    return piece.length === 1 ? `M${way}h.01` : `M${way}`;
  });
  const dots =
    sparse && points.length <= mostDots ? points.map(({ step, mean }) => `M${place.x(step)} ${place.y(mean)}h.01`) : [];
  return html`${band.length === 0 ? undefined : html`<path class="band ${lineClass(i)}" d="${band.join('')}" />`}<path class="line ${lineClass(i)}" d="${line.join('')}" />${dots.length === 0 ? undefined : html`<path class="dots ${lineClass(i)}" d="${dots.join('')}" />`}
`;
}

/** Pieces without a gap: a line does not go over steps that have no number. */
function contiguous(points: readonly Point[]): Point[][] {
  const pieces: Point[][] = [];
  for (const [i, point] of points.entries()) {
    if (i > 0 && points[i - 1]?.at === point.at - 1) pieces.at(-1)?.push(point);
    else pieces.push([point]);
  }
  return pieces;
}

function description({ lines, unit, width }: ChartData): string {
  const said = lines.slice(0, 12).map(({ name, series: { first, last, least, most } }) => {
    const [from, to, low, high] = [first, last, least, most].map((at) => inUnit(at?.value, unit));
    return `${name}: first ${from}, last ${to}, lowest ${low} at step ${least?.step}, highest ${high} at step ${most?.step}.`;
  });
  const more = lines.length > 12 ? [`And ${lines.length - 12} more, in the table below.`] : [];
  const buckets = width > 1 ? [`A point is the mean of ${width} steps, the band its lowest to highest.`] : [];
  return [...said, ...more, ...buckets].join(' ');
}

/** A row a line: its colour, its name, and its numbers. The steps of the extremes are told where there is room. */
function numbers({ lines, unit }: ChartData): Html {
  const alone = lines.length === 1;
  const cell = (at: ValueAt | undefined, withStep = false) =>
    html`<td>${at && numberCell(at.value, shortNumber(at.value * unit.scale))}${withStep && at ? html` <small>at ${wholeNumber(at.step)}</small>` : undefined}</td>`;
  const rows = lines.map(({ name, series: { first, last, least, most } }, i) => {
    const key = html`<svg class="key" viewBox="0 0 20 10" aria-hidden="true"><path class="line ${lineClass(i)}" d="M1 5H19" /></svg>`;
    return html`<tr><th scope="row">${key}<span${alone ? html` class="unseen"` : undefined}>${name}</span></th>${cell(first)}${cell(last)}${cell(least, alone)}${cell(most, alone)}</tr>
`;
  });
  return html`<div class="scroll"><table class="numbers"><thead><tr><th scope="col">${unit.name}</th><th scope="col">first</th><th scope="col">last</th><th scope="col">lowest</th><th scope="col">highest</th></tr></thead>
<tbody>
${rows}</tbody></table></div>`;
}
