import { markdownTable } from '../bench/table.mjs';

/** @typedef {import('./curves-table.mjs').CurveArm} CurveArm */

const shown = (/** @type {number | undefined} */ value) => {
  if (value === undefined) return '-';
  return value === 0 || (value >= 1e-3 && value < 1e3) ? value.toFixed(3) : value.toExponential(1);
};

/**
 * The weights of the loss terms at the end of each epoch, of every arm's first seed: a row an arm and epoch, a column a term.
 * @param {{ arms: CurveArm[] }} result
 */
export function lambdasTable({ arms }) {
  const curves = arms.flatMap(({ name, cells }) => {
    const curve = cells.find((cell) => cell.curve)?.curve;
    return curve ? [{ name, curve }] : [];
  });
  const terms = [...new Set(curves.flatMap(({ curve }) => curve.flatMap(({ lambdas }) => Object.keys(lambdas))))];
  const rows = curves.flatMap(({ name, curve }) =>
    curve.map(({ epoch, lambdas }) => [name, `${epoch}`, ...terms.map((term) => shown(lambdas[term]))]),
  );
  return markdownTable([['arm', 'epoch', ...terms], ...rows]);
}
