/** @typedef {import('./measure-growth.mjs').GrowthRow} GrowthRow */
/** @typedef {{ label: string, values: readonly number[], unit: string, digits: number }} Panel */

const [width, height, left, top, bottom] = [360, 260, 56, 44, 40];

/**
 * An SVG of two panels over the number of pairs: the encoders' time, with the line of proportion through the smallest batch, and the
 * peak memory.
 * @param {readonly GrowthRow[]} rows
 */
export function growthChart(rows) {
  const pairs = rows.map((row) => row.pairs);
  const [first] = rows;
  if (!first) throw new Error('growthChart: expected rows, got none');
  const seconds = {
    label: 'encoders, seconds',
    values: rows.map(({ encoders }) => encoders.median / 1000),
    unit: 's',
    digits: 1,
  };
  const memory = {
    label: 'peak memory, GB',
    values: rows.map(({ peakBytes }) => peakBytes / 1e9),
    unit: 'GB',
    digits: 2,
  };
  const proportion = pairs.map((count) => (first.encoders.median / 1000 / first.pairs) * count);
  const body = [panel(pairs, seconds, 0, proportion), panel(pairs, memory, width)].join('\n');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${2 * width} ${height}" font-family="sans-serif" font-size="11">
<title>Encoder time and peak memory by pairs a batch</title>
<rect width="${2 * width}" height="${height}" fill="white"/>
${body}
</svg>
`;
}

/**
 * One panel: axes from zero, a point and a number for each batch.
 * @param {readonly number[]} pairs
 * @param {Panel} data
 * @param {number} offset
 * @param {readonly number[]} [reference] dashed
 */
function panel(pairs, { label, values, digits }, offset, reference) {
  const most = 1.15 * Math.max(...values, ...(reference ?? []));
  const last = Math.max(...pairs);
  const x = (/** @type {number} */ count) => (offset + left + ((width - left - 24) * count) / last).toFixed(1);
  const y = (/** @type {number} */ value) => (height - bottom - ((height - top - bottom) * value) / most).toFixed(1);
  const line = (/** @type {readonly number[]} */ heights) =>
    pairs.map((count, i) => `${x(count)},${y(/** @type {number} */ (heights[i]))}`).join(' ');
  const marks = pairs.map((count, i) => {
    const value = /** @type {number} */ (values[i]);
    return `<circle cx="${x(count)}" cy="${y(value)}" r="3" fill="#1f5fbf"/><text x="${x(count)}" y="${Number(y(value)) - 7}" text-anchor="middle">${value.toFixed(digits)}</text><text x="${x(count)}" y="${height - bottom + 16}" text-anchor="middle">${count}</text>`;
  });
  return [
    `<text x="${offset + left}" y="22" font-size="13">${label}</text>`,
    `<path d="M${x(0)},${y(most)}V${y(0)}H${x(last)}" fill="none" stroke="#888"/>`,
    `<text x="${offset + left - 6}" y="${y(0)}" text-anchor="end">0</text>`,
    ...(reference ? [`<polyline points="${line(reference)}" fill="none" stroke="#aaa" stroke-dasharray="4 3"/>`] : []),
    `<polyline points="${line(values)}" fill="none" stroke="#1f5fbf" stroke-width="2"/>`,
    ...marks,
    `<text x="${offset + width / 2 + 16}" y="${height - 8}" text-anchor="middle">pairs a batch</text>`,
  ].join('\n');
}
