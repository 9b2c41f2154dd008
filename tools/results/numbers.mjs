/** A number as the tables show it. @param {number | null | undefined} value */
export const shown = (value) => (typeof value === 'number' ? value.toFixed(3) : '-');

/** The same with its sign. @param {number} value */
export const signed = (value) => `${value < 0 ? '' : '+'}${value.toFixed(3)}`;

/** @param {number[]} values */
export const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
