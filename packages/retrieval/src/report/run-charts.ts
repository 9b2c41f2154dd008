import { type ChartData, type Line, pageWidth, pointsOf } from './chart-data.js';
import { gibibytes, percent, plain, type Unit } from './format-number.js';
import type { RunHistory } from './run-history.js';

/** A chart of the page and the series that it shows. */
interface ChartPlan {
  readonly title: string;
  readonly note: string;
  /** One series, or all below a name: `terms.` shows `terms.PLC` as PLC. */
  readonly path: string;
  readonly unit?: Unit;
  readonly fromZero?: boolean;
  readonly mayBeLog?: boolean;
  readonly sparse?: boolean;
  /** A chart of its own for every series below the name. */
  readonly each?: boolean;
  /** Series that are 0 throughout are left out. */
  readonly dropZeros?: boolean;
}

const plans: readonly ChartPlan[] = [
  { title: 'Loss', note: 'Weighted sum of the terms.', path: 'loss', mayBeLog: true },
  {
    title: 'Validation',
    note: 'Recall, mean over the tasks; image-sided: over those with an image-only side.',
    path: 'validation.',
    sparse: true,
  },
  { title: 'Term', note: 'Loss term, unweighted.', path: 'terms.', each: true, mayBeLog: true },
  { title: 'Weights', note: 'Lambda of each term.', path: 'lambdas.', fromZero: true },
  {
    title: 'Entropy of the weights',
    note: "In nats, of the weights' shares: ln of the number of terms where all weigh the same, 0 where one has all.",
    path: 'entropy',
  },
  {
    title: 'Gradient norms by term',
    note: 'Before weighting, where the weighting measures them.',
    path: 'gradNorms.',
    mayBeLog: true,
  },
  { title: 'Gradient norm', note: 'Over all parameters.', path: 'gradNorm', mayBeLog: true },
  { title: 'Learning rate', note: 'As scheduled.', path: 'learningRate', fromZero: true },
  { title: 'Speed', note: 'Pairs a second, waiting for data included.', path: 'pairsPerSecond', fromZero: true },
  {
    title: 'Waiting for data',
    note: 'Share of the time of a step.',
    path: 'dataWait',
    unit: percent,
    fromZero: true,
  },
  { title: 'Memory', note: 'Resident, of the process.', path: 'rssBytes', unit: gibibytes, fromZero: true },
  {
    title: 'Skipped steps',
    note: 'Share of the steps at a point: a loss or gradient was not finite.',
    path: 'skipped',
    unit: percent,
    fromZero: true,
    dropZeros: true,
  },
  {
    title: 'Masked false negatives',
    note: 'In-batch negatives left out of a step, by term.',
    path: 'maskedNegatives.',
    fromZero: true,
    dropZeros: true,
  },
];

/** The charts of a run, in the page's order: those that have a number. Fields that are not foreseen come last, under their own names. */
export function runCharts(history: RunHistory): ChartData[] {
  const width = pageWidth(history);
  const known = (path: string) => plans.some((plan) => path === plan.path || isBelow(path, plan.path));
  const further = [...history.series.keys()].filter((path) => !known(path));
  const extra = further.map((path): ChartPlan => ({ title: path, note: 'As the steps tell it.', path }));
  return [...plans, ...extra].flatMap(({ title, note, path, unit = plain, each, dropZeros, ...how }) => {
    const lines: Line[] = [...history.series]
      .filter(([at, { most, least }]) => {
        const shown = path.endsWith('.') ? isBelow(at, path) : at === path;
        return shown && most !== undefined && !(dropZeros && most.value === 0 && least?.value === 0);
      })
      .map(([at, series]) => {
        const name = path.endsWith('.') ? at.slice(path.length) : title;
        return { name, series, points: pointsOf(history, series, width) };
      });
    const { fromZero = false, mayBeLog = false, sparse = false } = how;
    const chart = { note, unit, steps: Math.max(1, history.lastStep), width, fromZero, mayBeLog, sparse };
    if (each) return lines.map((line) => ({ ...chart, title: `${title} ${line.name}`, lines: [line] }));
    return lines.length > 0 ? [{ ...chart, title, lines }] : [];
  });
}

function isBelow(path: string, name: string): boolean {
  return name.endsWith('.') && path.startsWith(name);
}
