/** A range of an axis with its marks. */
export interface Axis {
  readonly log: boolean;
  readonly low: number;
  readonly high: number;
  readonly ticks: readonly number[];
}

/** Where a logarithmic axis helps: from this ratio of largest to smallest on. */
const logRatio = 50;

/**
 * The axis for values from `low` to `high`: widened to round numbers.
 *
 * @param mayBeLog whether a logarithmic axis may be chosen; it is where all values are above 0 and far apart
 */
export function axisFor(low: number, high: number, mayBeLog = false): Axis {
  if (mayBeLog && low > 0 && high / low >= logRatio) return logAxis(low, high);
  if (low === high) {
    // A flat line stands in the middle.
    const margin = low === 0 ? 1 : Math.abs(low) / 2;
    return linearAxis(low - margin, high + margin);
  }
  return linearAxis(low, high);
}

/** A linear axis cut to what its values can be, 0 to 1 for shares. */
export function withinBounds(axis: Axis, [least, most]: readonly [number, number]): Axis {
  const [low, high] = [Math.max(axis.low, least), Math.min(axis.high, most)];
  return { ...axis, low, high, ticks: axis.ticks.filter((tick) => tick >= low && tick <= high) };
}

/** The share of the axis, 0 to 1, below a value. */
export function shareBelow({ log, low, high }: Axis, value: number): number {
  if (!log) return (value - low) / (high - low);
  return (Math.log(Math.max(value, low)) - Math.log(low)) / (Math.log(high) - Math.log(low));
}

/** Round numbers, about `count` of them, from at least `low` to at most `high`. */
export function roundNumbers(low: number, high: number, count: number): number[] {
  const step = roundStep((high - low) / count);
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  // Adding up would add up rounding: 0.30000000000000004.
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toPrecision(12)));
}

function linearAxis(low: number, high: number): Axis {
  const step = roundStep((high - low) / 4);
  const ends = [Math.floor(low / step + 1e-9) * step, Math.ceil(high / step - 1e-9) * step] as const;
  return { log: false, low: ends[0], high: ends[1], ticks: roundNumbers(...ends, (ends[1] - ends[0]) / step) };
}

function logAxis(low: number, high: number): Axis {
  const first = Math.floor(Math.log10(low));
  const last = Math.ceil(Math.log10(high));
  const every = Math.ceil((last - first) / 6);
  const powers = Array.from({ length: Math.floor((last - first) / every) + 1 }, (_, i) => 10 ** (first + i * every));
  return { log: true, low: 10 ** first, high: 10 ** last, ticks: powers };
}

/** The smallest of 1, 2, 5 times a power of ten that is at least a size. */
function roundStep(size: number): number {
  const power = 10 ** Math.floor(Math.log10(size));
  const factor = [1, 2, 5, 10].find((f) => f * power >= size * (1 - 1e-9)) ?? 10;
  return factor * power;
}
