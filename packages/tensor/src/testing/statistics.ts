/** Test statistics in units of their standard deviation under the null hypothesis: about 0 for good random numbers. */

/** Chi-square of counts against equal expectation: `(chi² - df) / sqrt(2 df)`. */
export function evennessScore(counts: ArrayLike<number>): number {
  const expected = sum(counts) / counts.length;
  const chiSquare = Array.from(counts).reduce((total, count) => total + (count - expected) ** 2 / expected, 0);
  const freedom = counts.length - 1;
  return (chiSquare - freedom) / Math.sqrt(2 * freedom);
}

/** Evenness of numbers in [0, 1) over equal bins. */
export function uniformityScore(x: ArrayLike<number>, bins = 50): number {
  const counts = new Array<number>(bins).fill(0);
  for (let i = 0; i < x.length; i++) (counts[Math.floor((x[i] as number) * bins)] as number)++;
  return evennessScore(counts);
}

/** Evenness of pairs in [0, 1)² over a grid. */
export function pairUniformityScore(x: ArrayLike<number>, y: ArrayLike<number>, bins = 8): number {
  const counts = new Array<number>(bins * bins).fill(0);
  for (let i = 0; i < x.length; i++) {
    (counts[Math.floor((x[i] as number) * bins) * bins + Math.floor((y[i] as number) * bins)] as number)++;
  }
  return evennessScore(counts);
}

/** Pearson's correlation times the square root of the count; NaN for a constant. */
export function correlationScore(x: ArrayLike<number>, y: ArrayLike<number>): number {
  const n = x.length;
  const [mx, my] = [sum(x) / n, sum(y) / n];
  let [xy, xx, yy] = [0, 0, 0];
  for (let i = 0; i < n; i++) {
    const dx = (x[i] as number) - mx;
    const dy = (y[i] as number) - my;
    xy += dx * dy;
    xx += dx * dx;
    yy += dy * dy;
  }
  return (xy / Math.sqrt(xx * yy)) * Math.sqrt(n);
}

function sum(x: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < x.length; i++) total += x[i] as number;
  return total;
}
