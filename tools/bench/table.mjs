/** @typedef {readonly (readonly string[])[]} Rows the first one is the heading */

/**
 * A table for a terminal: columns padded, all but the first to the right.
 * @param {Rows} rows
 */
export function textTable(rows) {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (/** @type {readonly string[]} */ row) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))).join('  ');
  return rows.map(line).join('\n');
}

/**
 * The same table in Markdown.
 * @param {Rows} rows
 */
export function markdownTable(rows) {
  const [heading = [], ...body] = rows;
  const line = (/** @type {readonly string[]} */ row) => `| ${row.join(' | ')} |`;
  return [line(heading), line(heading.map((_, i) => (i === 0 ? '---' : '---:'))), ...body.map(line)].join('\n');
}

/** Milliseconds without needless digits. @param {number} ms */
export const milliseconds = (ms) => `${ms < 100 ? ms.toFixed(1) : Math.round(ms).toLocaleString('en')} ms`;

/** Bytes in GB. @param {number} bytes */
export const gigabytes = (bytes) => `${(bytes / 1e9).toFixed(2)} GB`;

/** Bytes in MB. @param {number} bytes */
export const megabytes = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

/** A ratio. @param {number} x */
export const times = (x) => `${x.toFixed(2)} x`;
