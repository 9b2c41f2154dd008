import { markdownTable } from '../bench/table.mjs';
import { mean } from './numbers.mjs';

/** @typedef {import('./cell-curve.mjs').CurvePoint} CurvePoint */
/** @typedef {{ name: string, cells: { curve?: CurvePoint[] }[] }} CurveArm */

/** @param {CurveArm} arm */
const curvesOf = ({ cells }) => cells.flatMap(({ curve }) => (curve === undefined ? [] : [curve]));

/**
 * Recall@10 on the validation pairs along the training: the mean over the nine tasks and, behind the stroke, over the image-sided five;
 * a row an arm, a column an epoch, the mean over seeds.
 * @param {{ arms: CurveArm[] }} result
 */
export function curvesTable({ arms }) {
  const known = arms.filter((arm) => curvesOf(arm).length > 0);
  const epochs = [
    ...new Set(known.flatMap((arm) => curvesOf(arm).flatMap((curve) => curve.map(({ epoch }) => epoch)))),
  ];
  epochs.sort((a, b) => a - b);
  const rows = known.map((arm) => [
    arm.name,
    ...epochs.map((epoch) => {
      const points = curvesOf(arm).flatMap((curve) => curve.filter((point) => point.epoch === epoch));
      if (points.length === 0) return '-';
      return `${mean(points.map((point) => point.mean)).toFixed(3)} / ${mean(points.map((point) => point.imageSided)).toFixed(3)}`;
    }),
  ]);
  return markdownTable([['arm', ...epochs.map((epoch) => `epoch ${epoch}`)], ...rows]);
}
