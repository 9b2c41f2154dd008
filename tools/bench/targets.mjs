import { tfjsWork } from './measure-tfjs.mjs';
import { gigabytes, times } from './table.mjs';

/**
 * @typedef {import('./result-tables.mjs').Results} Results
 * @typedef {import('./measure-work.mjs').WorkRow} WorkRow
 * @typedef {{ ratio?: number, cell: string }} Value
 * @typedef {'reached' | 'missed' | 'not measured'} Verdict
 * @typedef {{ target: string, goal: string, shortcuts: string, full: string, verdict: Verdict }} Target
 * @typedef {{ share: number, run: string, taken: string }} DataWait share of a run's time spent waiting for data, 0 to 1; which run
 */

const unmeasured = '-';

/**
 * Every target against what was measured. PyTorch is judged by its twin "as the equations stand"; its twin with our shortcuts
 * stands beside it.
 * @param {Results} results
 * @param {DataWait | undefined} dataWait
 * @returns {Target[]}
 */
export function targetsOf({ work, growth, tfjs }, dataWait) {
  const find = (/** @type {Partial<WorkRow>} */ wanted) =>
    work.find(
      (row) =>
        row.device === 'cpu' &&
        row.preset === 'recommended' &&
        Object.entries(wanted).every(([name, value]) => row[/** @type {keyof WorkRow} */ (name)] === value),
    );
  const tiny = find({ task: 'step', size: 'tiny', pairs: 96, microBatch: 96 });
  const tinyParts = find({ task: 'step', size: 'tiny', pairs: 96, microBatch: 16 });
  const small = find({ task: 'step', size: 'small', pairs: 96, microBatch: 96 });
  const layers = tfjs?.rows.find((row) => row.work === tfjsWork.layers);
  const step = tfjs?.rows.find((row) => row.work.startsWith(tfjsWork.step));
  return [
    faster('step of tiny over PyTorch eager', 2, tiny, 'eager'),
    faster('step of tiny over torch.compile', 1.75, tiny, 'compile'),
    faster('step of small over PyTorch eager', 1.5, small, 'eager'),
    leaner('peak memory, step of tiny', tiny),
    leaner('peak memory, step of tiny by 16 pairs', tinyParts),
    leaner('peak memory, step of small', small),
    faster('encoding, tiny, over PyTorch eager', 1.5, find({ task: 'encode', size: 'tiny' }), 'eager'),
    faster('encoding, base, over PyTorch eager', 1.5, find({ task: 'encode', size: 'base' }), 'eager'),
    over('step of tiny over tfjs-node', 2, step?.speedups.tfjsNode),
    over('four layers over tfjs wasm', 60, layers?.speedups.tfjsWasm),
    below('wait for data', 0.03, dataWait?.share),
    ...growthTargets(growth?.rows ?? []),
  ];
}

/** A ratio of times that has to be at least `goal`. @param {string} target @param {number} goal @param {WorkRow | undefined} row @param {'eager' | 'compile'} side */
function faster(target, goal, row, side) {
  const [shortcuts, full] = [row?.speedups[side], row?.speedups[`${side}Full`]];
  const enough = (/** @type {number} */ x) => x >= goal;
  const beside = shortcuts === undefined ? unmeasured : `${times(shortcuts)}, ${judged(shortcuts, enough)}`;
  const value = full === undefined ? unmeasured : times(full);
  return { target, goal: `at least ${times(goal)}`, shortcuts: beside, full: value, verdict: judged(full, enough) };
}

/** Peak memory that has to be at most PyTorch's. @param {string} target @param {WorkRow | undefined} row */
function leaner(target, row) {
  const ours = row?.peers.ours?.peakBytes;
  const cell = (/** @type {number | undefined} */ theirs) =>
    ours === undefined || theirs === undefined ? unmeasured : `${gigabytes(ours)} of ${gigabytes(theirs)}`;
  const enough = (/** @type {number} */ theirs) => ours !== undefined && ours <= theirs;
  const [shortcuts, full] = [row?.peers.eager?.peakBytes, row?.peers.eagerFull?.peakBytes];
  const beside = shortcuts === undefined ? unmeasured : `${cell(shortcuts)}, ${judged(shortcuts, enough)}`;
  return { target, goal: "at most PyTorch's", shortcuts: beside, full: cell(full), verdict: judged(full, enough) };
}

/** A ratio in which PyTorch has no part. @param {string} target @param {number} goal @param {number | undefined} ratio */
function over(target, goal, ratio) {
  const verdict = judged(ratio, (x) => x >= goal);
  return alone(target, `at least ${times(goal)}`, ratio === undefined ? unmeasured : times(ratio), verdict);
}

/** A share. @param {string} target @param {number} goal @param {number | undefined} share */
function below(target, goal, share) {
  const verdict = judged(share, (x) => x < goal);
  return alone(target, `below ${percent(goal)}`, share === undefined ? unmeasured : percent(share, 1), verdict);
}

/** How the largest batch compares with the smallest. @param {readonly import('./measure-growth.mjs').GrowthRow[]} rows */
function growthTargets(rows) {
  const [first, last] = [rows[0], rows.at(-1)];
  const range = first && last ? `${first.pairs} to ${last.pairs} pairs` : 'larger batches';
  const perPair = first && last && last.encoders.median / last.pairs / (first.encoders.median / first.pairs);
  const own = (/** @type {typeof first} */ row) => (row ? row.peakBytes - row.representationBytes - row.batchBytes : 0);
  const memory = first && last && (own(last) - own(first)) / first.peakBytes;
  const linear = judged(perPair, (x) => x <= 1.1);
  const flat = judged(memory, (x) => x <= 0.1);
  const time = perPair === undefined ? unmeasured : times(perPair);
  return [
    alone(`encoder time a pair, ${range}: linear`, 'at most 1.10 x', time, linear),
    alone(
      `memory beyond representations and batch, ${range}: flat`,
      'at most 10 % more',
      memory === undefined ? unmeasured : `${percent(memory)} more`,
      flat,
    ),
  ];
}

/** @param {string} target @param {string} goal @param {string} value @param {Verdict} verdict @returns {Target} */
const alone = (target, goal, value, verdict) => ({ target, goal, shortcuts: '', full: value, verdict });

/** @param {number | undefined} value @param {(value: number) => boolean} enough @returns {Verdict} */
const judged = (value, enough) => (value === undefined ? 'not measured' : enough(value) ? 'reached' : 'missed');

const percent = (/** @type {number} */ share, digits = 0) => `${(100 * share).toFixed(digits)} %`;

/**
 * The targets as a table.
 * @param {readonly Target[]} targets
 * @returns {import('./table.mjs').Rows}
 */
export const targetTable = (targets) => [
  ['target', 'to reach', 'PyTorch with our shortcuts', 'PyTorch as the equations stand', 'verdict, by the latter'],
  ...targets.map(({ target, goal, shortcuts, full, verdict }) => [target, goal, shortcuts, full, verdict]),
];
