/** @typedef {{ median: number, least: number, most: number, low: number, high: number, count: number }} Summary */

/**
 * The value below which a share of the sorted values lies, by linear interpolation.
 * @param {readonly number[]} sorted
 * @param {number} share from 0 to 1
 */
function quantile(sorted, share) {
  const place = share * (sorted.length - 1);
  const below = Math.floor(place);
  const [a, b] = [/** @type {number} */ (sorted[below]), sorted[below + 1] ?? /** @type {number} */ (sorted[below])];
  return a + (b - a) * (place - below);
}

/**
 * Median, quartiles (`low`, `high`) and extremes.
 * @param {readonly number[]} values at least one
 * @returns {Summary}
 */
export function summarize(values) {
  if (values.length === 0) throw new Error('summarize: expected at least one value, got none');
  const sorted = [...values].sort((a, b) => a - b);
  return {
    median: quantile(sorted, 0.5),
    least: quantile(sorted, 0),
    most: quantile(sorted, 1),
    low: quantile(sorted, 0.25),
    high: quantile(sorted, 0.75),
    count: sorted.length,
  };
}

/**
 * The ratio of each peer's median to ours, of medians taken in one run: above 1 where ours is faster.
 * @template {string} Name
 * @param {Readonly<Partial<Record<Name, { time: Summary }>>>} peers by name, ours as `ours`
 * @returns {Partial<Record<Name, number>>}
 */
export function speedups(peers) {
  const entries = /** @type {[Name, { time: Summary }][]} */ (Object.entries(peers));
  const ours = entries.find(([name]) => name === 'ours')?.[1].time.median;
  if (ours === undefined) throw new Error('speedups: expected a peer called ours, got none');
  const others = entries.filter(([name]) => name !== 'ours');
  return /** @type {Partial<Record<Name, number>>} */ (
    Object.fromEntries(others.map(([name, { time }]) => [name, time.median / ours]))
  );
}
