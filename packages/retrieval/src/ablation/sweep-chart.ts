import { type CurvePoint, curveChart } from '../report/curve-chart.js';
import type { Html } from '../report/html.js';
import type { AblationReport } from './ablation-report.js';
import { rowTitle } from './ablation-table.js';

/**
 * Figure 6: recall over the values of the setting that the arms sweep. The line goes through the means over seeds, the band is their lowest
 * to their highest, every seed has a dot; a dashed line continues the baseline.
 */
export function sweepChart(report: AblationReport, rows: readonly string[], column: `R@${number}`): Html {
  const { sweep = '', arms, baseline } = report;
  const own = arms.find(({ name }) => name === baseline)?.value;
  const curves = rows.map((row) => {
    const points = pointsOf(report, row, column);
    return { name: rowTitle(row), points, level: points.find(({ x }) => x === own)?.mean };
  });
  return curveChart({
    id: 'sweep',
    title: `${column} by ${sweep}`,
    note: `The line is the mean over seeds, the band their lowest to highest, a dot a seed; dashed: ${baseline}.`,
    xTitle: sweep,
    bounds: [0, 1],
    along: arms.map(({ value = 0 }) => value),
    curves,
  });
}

function pointsOf({ arms }: AblationReport, row: string, column: `R@${number}`): CurvePoint[] {
  return arms.flatMap(({ value = 0, cells, mean }) => {
    const recalls = cells.map((cell) => (cell.status === 'finished' ? cell.recall[row]?.[column] : undefined));
    const values = recalls.filter((recall) => typeof recall === 'number');
    const own = mean?.[row]?.[column];
    return typeof own === 'number' ? [{ x: value, mean: own, values }] : [];
  });
}
