import { groupLabels } from './profile-groups.mjs';
import { gigabytes, megabytes, milliseconds, times } from './table.mjs';

/**
 * Each section and each row of work was taken at one time, and carries it; all of them were taken on `machine`.
 * @typedef {import('./table.mjs').Rows} Rows
 * @typedef {import('./measure-work.mjs').WorkRow} WorkRow
 * @typedef {import('./ceiling.mjs').Rate} Rate
 * @typedef {Awaited<ReturnType<typeof import('./profile.mjs').measureProfile>>} Profile
 * @typedef {{
 *   version: 2, machine: import('./machine.mjs').Machine, work: WorkRow[],
 *   products?: { taken: string, rows: import('./measure-products.mjs').ProductRow[] },
 *   profile?: { taken: string } & Profile,
 *   growth?: { taken: string, rows: import('./measure-growth.mjs').GrowthRow[] },
 *   tfjs?: { taken: string, rows: import('./measure-tfjs.mjs').TfjsRow[] },
 * }} Results
 */

const labels = {
  ours: 'UniECS',
  eager: 'PyTorch eager',
  compile: 'torch.compile',
  eagerFull: 'PyTorch eager, full passes',
  compileFull: 'torch.compile, full passes',
  tfjsNode: 'tfjs-node eager',
  tfjsWasm: 'tfjs wasm eager',
};

/** @typedef {import('./measure-peers.mjs').PeerName} PeerName */

/** @param {WorkRow['peers']} peers */
const peersOf = (peers) =>
  /** @type {[PeerName, import('./measure-peers.mjs').PeerResult][]} */ (Object.entries(peers));

/** @param {number | undefined} ratio none for our own row */
const ratioCell = (ratio) => (ratio === undefined ? '1' : times(ratio));

/** @param {number} from @param {number} to */
const range = (from, to, format = milliseconds) => `${format(from)} to ${format(to)}`;

const percent = (/** @type {number} */ share) => `${(100 * share).toFixed(0)} %`;
const whole = (/** @type {number} */ x) => x.toFixed(0);

/** @param {NonNullable<Results['products']>['rows']} rows @returns {Rows} */
export const productTable = (rows) => [
  ['product', 'shape', 'GFLOP/s', 'quartiles', 'least to most'],
  ...rows.map(({ name, shape, gflops }) => [name, shape, ...rateCells(gflops)]),
];

const rateCells = (/** @type {Rate} */ { median, low, high, least, most }) => [
  whole(median),
  range(low, high, whole),
  range(least, most, whole),
];

/**
 * Training steps, or passes of the encoding.
 * @param {readonly WorkRow[]} work
 * @param {'step' | 'encode'} task
 * @returns {Rows}
 */
export function workTable(work, task) {
  const perSecond = task === 'step' ? 'pairs/s' : 'items/s';
  const rows = work
    .filter((row) => row.task === task)
    .flatMap((row) =>
      peersOf(row.peers).map(([name, { time, peakBytes }]) => {
        const count = task === 'step' ? row.pairs : 2 * row.pairs;
        return [
          workName(row),
          labels[name],
          milliseconds(time.median),
          range(time.low, time.high),
          (count / (time.median / 1000)).toFixed(1),
          ratioCell(row.speedups[name]),
          row.ceiling ? percent(row.gflop / (time.median / 1000) / row.ceiling.median) : '',
          gigabytes(peakBytes),
        ];
      }),
    );
  return [['work', 'side', 'median', 'quartiles', perSecond, 'over UniECS', 'of the ceiling', 'peak memory'], ...rows];
}

/** @param {WorkRow} row */
function workName({ task, size, pairs, microBatch, device }) {
  const what =
    task === 'step' ? `${pairs} pairs${microBatch < pairs ? ` by ${microBatch}` : ''}` : `${2 * pairs} items`;
  return `${size}, ${what}${device === 'cpu' ? '' : ` on ${device}`}`;
}

/**
 * When each section was taken, and the ceiling that it met: products of two matrices of 1,024 x 1,024 in the same rounds.
 * @param {Results} results
 * @returns {Rows}
 */
export function ceilingTable({ work, growth, tfjs, profile }) {
  /** @param {string} name @param {string} taken @param {Rate | undefined} rate */
  const row = (name, taken, rate) => [name, taken, ...(rate ? rateCells(rate) : ['-', '-', '-'])];
  return [
    ['measured beside', 'taken', 'GFLOP/s', 'quartiles', 'least to most'],
    ...work.map((found) => row(`${found.task}, ${workName(found)}`, found.taken, found.ceiling)),
    ...(tfjs?.rows ?? []).map((found) => row(`TensorFlow.js, ${found.work}`, tfjs?.taken ?? '', found.ceiling)),
    ...(growth?.rows ?? []).map((found) => row(`growth, ${found.pairs} pairs`, growth?.taken ?? '', found.ceiling)),
    ...(profile ? [row('profile', profile.taken, profile.ceiling)] : []),
  ];
}

/** @param {readonly WorkRow[]} work @returns {Rows} */
export const buildTable = (work) => [
  ['graph', 'nodes', 'tracing', 'session', 'first run'],
  ...work.map((row) => [
    `${row.size}, ${graphName(row)}`,
    row.built.nodes.toLocaleString('en'),
    milliseconds(row.built.traceMs),
    milliseconds(row.built.sessionMs),
    milliseconds(row.peers.ours?.firstMs ?? Number.NaN),
  ]),
];

/** What a row's graph computes: in micro-batches it is the largest of four. @param {WorkRow} row */
function graphName({ task, pairs, microBatch }) {
  if (task === 'encode') return `embedding of ${2 * pairs} items`;
  return microBatch < pairs ? `backward of ${microBatch} pairs of ${pairs}` : `step of ${pairs} pairs`;
}

/** @param {Profile} profile @returns {Rows} */
export const groupTable = ({ groups, totalMs, betweenMs }) => [
  ['part of the step', 'time', 'share', 'kernels'],
  ...groups.map(({ name, ms, count }) => [
    groupLabels[/** @type {import('./profile-groups.mjs').Group} */ (name)],
    milliseconds(ms),
    percent(ms / totalMs),
    count.toLocaleString('en'),
  ]),
  ['between kernels', milliseconds(betweenMs), percent(betweenMs / totalMs), ''],
];

/** Operators that take at least half a percent. @param {Profile} profile @returns {Rows} */
export const operatorTable = ({ operators, totalMs }) => [
  ['operator', 'time', 'share', 'kernels'],
  ...operators
    .filter(({ ms }) => ms >= 0.005 * totalMs)
    .map(({ name, ms, count }) => [`\`${name}\``, milliseconds(ms), percent(ms / totalMs), count.toLocaleString('en')]),
];

/** @param {NonNullable<Results['growth']>['rows']} rows @returns {Rows} */
export const growthTable = (rows) => [
  [
    'pairs a batch',
    'timed',
    'encoders',
    'least to most',
    'encoders, per pair',
    'whole step',
    'least to most',
    'peak memory',
    'of it representations',
    'of it the batch',
  ],
  ...rows.map(({ pairs, encoders, step, peakBytes, representationBytes, batchBytes }) => [
    `${pairs}`,
    `${encoders.count}`,
    milliseconds(encoders.median),
    range(encoders.least, encoders.most),
    milliseconds(encoders.median / pairs),
    milliseconds(step.median),
    range(step.least, step.most),
    gigabytes(peakBytes),
    megabytes(representationBytes),
    megabytes(batchBytes),
  ]),
];

/** @param {NonNullable<Results['tfjs']>['rows']} rows @returns {Rows} */
export const tfjsTable = (rows) => [
  ['work', 'side', 'median', 'quartiles', 'over UniECS', 'peak memory'],
  ...rows.flatMap(({ work, peers, speedups }) =>
    peersOf(peers).map(([name, { time, peakBytes }]) => [
      work,
      labels[name],
      milliseconds(time.median),
      range(time.low, time.high),
      ratioCell(speedups[name]),
      gigabytes(peakBytes),
    ]),
  ),
];

/**
 * All tables of the results with their headings.
 * @param {Results} results
 * @returns {{ title: string, taken?: string, rows: Rows }[]} `taken` where the table was taken at one time
 */
export function resultTables(results) {
  const { products, work, profile, growth, tfjs } = results;
  const has = (/** @type {WorkRow['task']} */ task) => work.some((row) => row.task === task);
  const ceilings = ceilingTable(results);
  return [
    ...(has('step') ? [{ title: 'Training step', rows: workTable(work, 'step') }] : []),
    ...(has('encode') ? [{ title: 'Encoding', rows: workTable(work, 'encode') }] : []),
    ...(tfjs ? [{ title: 'TensorFlow.js', taken: tfjs.taken, rows: tfjsTable(tfjs.rows) }] : []),
    ...(growth ? [{ title: 'Growth', taken: growth.taken, rows: growthTable(growth.rows) }] : []),
    ...(profile ? [{ title: 'Profile, by part', taken: profile.taken, rows: groupTable(profile) }] : []),
    ...(profile ? [{ title: 'Profile, by operator', taken: profile.taken, rows: operatorTable(profile) }] : []),
    ...(work.length > 0 ? [{ title: 'Building the graph', rows: buildTable(work) }] : []),
    ...(products ? [{ title: 'Matrix products', taken: products.taken, rows: productTable(products.rows) }] : []),
    ...(ceilings.length > 1 ? [{ title: 'The ceiling', rows: ceilings }] : []),
  ];
}
