import { keys } from './curve-chart.js';
import { type Html, html } from './html.js';

const side = 400;
const margin = 8;

/** Points of one kind. */
export interface Cloud {
  readonly name: string;
  /** x and y of each point, `[N, 2]`. */
  readonly places: ArrayLike<number>;
}

/** Points in the plane, where the axes mean nothing. */
export interface ScatterChart {
  /** Different for every chart of a page; a name that HTML can hold. */
  readonly id: string;
  readonly title: string;
  readonly note: string;
  readonly clouds: readonly Cloud[];
}

/** A figure with a dot a point, a colour a cloud, both axes to the same scale. */
export function scatterChart({ id, title, note, clouds }: ScatterChart): Html {
  const [x, y] = [0, 1].map((axis) => spanOf(clouds, axis)) as [Span, Span];
  const scale = (side - 2 * margin) / Math.max(x.size, y.size, Number.MIN_VALUE);
  const at = (value: number, span: Span) => Math.round((side / 2 + (value - span.middle) * scale) * 10) / 10;
  const drawn = clouds.map(({ places }, i) => {
    const dots = Array.from(
      { length: places.length / 2 },
      (_, k) => `M${at(places[2 * k] as number, x)} ${at(places[2 * k + 1] as number, y)}h.01`,
    );
    return html`<path class="dots cloud c${i % 10}" d="${dots.join('')}" />
`;
  });
  const counts = clouds.map(({ name, places }) => `${places.length / 2} of ${name}`).join(', ');
  return html`<figure class="chart"><figcaption><h3>${title}</h3><p>${note}</p></figcaption>
<svg viewBox="0 0 ${side} ${side}" role="img" aria-labelledby="${id}-title ${id}-desc">
<title id="${id}-title">${title}</title>
<desc id="${id}-desc">Points: ${counts}.</desc>
${drawn}</svg>
${keys(clouds.map(({ name }) => name))}
</figure>
`;
}

interface Span {
  readonly middle: number;
  readonly size: number;
}

function spanOf(clouds: readonly Cloud[], axis: number): Span {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { places } of clouds) {
    for (let k = axis; k < places.length; k += 2) {
      low = Math.min(low, places[k] as number);
      high = Math.max(high, places[k] as number);
    }
  }
  return low > high ? { middle: 0, size: 0 } : { middle: (low + high) / 2, size: high - low };
}
