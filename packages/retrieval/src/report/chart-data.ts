import type { Unit } from './format-number.js';
import type { RunHistory } from './run-history.js';
import { type Bucket, bucketOf, halved, type Series } from './series.js';

/** A series of a chart, at the width of the page. */
export interface Line {
  readonly name: string;
  readonly series: Series;
  readonly points: readonly Point[];
}

/** A bucket where it stands. */
export interface Point {
  /** Its number, from 0. */
  readonly at: number;
  /** The middle of its steps. */
  readonly step: number;
  readonly mean: number;
  readonly min: number;
  readonly max: number;
}

/** A chart's content. */
export interface ChartData {
  readonly title: string;
  /** What is shown, for those who do not know it. */
  readonly note: string;
  readonly unit: Unit;
  readonly lines: readonly Line[];
  /** The steps of the run: the horizontal axis ends there. */
  readonly steps: number;
  /** Steps a bucket. */
  readonly width: number;
  /** Whether the vertical axis starts at 0. */
  readonly fromZero: boolean;
  readonly mayBeLog: boolean;
  /** Whether points stand alone, and lines go on over steps without a value. */
  readonly sparse: boolean;
}

/** Points of all lines of a page, so that it stays small; and the most of one line, which is what a screen can show. */
const mostPoints = 24_000;
const mostOfLine = 512;

/** Steps a bucket of the page: a multiple of the history's by a power of two. */
export function pageWidth(history: RunHistory): number {
  const most = Math.max(16, Math.min(mostOfLine, Math.floor(mostPoints / Math.max(1, history.series.size))));
  let { width } = history;
  while (bucketOf(Math.max(1, history.lastStep), width) >= most) width *= 2;
  return width;
}

/** The points of a series for buckets of `width` steps, the history's or wider. */
export function pointsOf(history: RunHistory, series: Series, width: number): Point[] {
  let buckets: ReadonlyMap<number, Readonly<Bucket>> = series.buckets;
  for (let have = history.width; have < width; have *= 2) buckets = halved(buckets);
  return [...buckets]
    .sort(([a], [b]) => a - b)
    .map(([at, { count, sum, min, max }]) => {
      const last = Math.min((at + 1) * width, history.lastStep);
      // A mean of equal numbers is that number, without the rounding of adding them up.
      return { at, step: (at * width + 1 + last) / 2, mean: min === max ? min : sum / count, min, max };
    });
}
