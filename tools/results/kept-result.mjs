/** What a reader of a result does not need, or what names the machine's folders. */
const dropped = new Set(['folder', 'writtenAt', 'path', 'best']);

/**
 * `ablation.json` as it is kept in `docs/results`: without paths and times of writing, numbers with five digits.
 * @param {unknown} value
 * @returns {unknown}
 */
export function keptResult(value) {
  if (typeof value === 'number') return Number.isInteger(value) ? value : Number(value.toPrecision(5));
  if (Array.isArray(value)) return value.map(keptResult);
  if (value === null || typeof value !== 'object') return value;
  const kept = Object.entries(value).filter(([name]) => !dropped.has(name));
  return Object.fromEntries(kept.map(([name, field]) => [name, keptResult(field)]));
}
