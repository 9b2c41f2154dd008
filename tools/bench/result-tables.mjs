import { gigabytes, megabytes, milliseconds, times } from './table.mjs';

/**
 * @typedef {import('./table.mjs').Rows} Rows
 * @typedef {import('./measure-work.mjs').WorkRow} WorkRow
 * @typedef {{
 *   version: 1, date: string, machine: import('./machine.mjs').Machine,
 *   products?: Awaited<ReturnType<typeof import('./measure-products.mjs').measureProducts>>,
 *   work: WorkRow[], growth?: import('./measure-growth.mjs').GrowthRow[], tfjs?: import('./measure-tfjs.mjs').TfjsRow[],
 * }} Results
 */

const labels = {
  ours: 'UniECS',
  eager: 'PyTorch eager',
  compile: 'torch.compile',
  eagerFull: 'PyTorch eager, full passes',
  tfjsNode: 'tfjs-node eager',
  tfjsWasm: 'tfjs wasm eager',
};

/** @typedef {import('./measure-peers.mjs').PeerName} PeerName */

/** @param {WorkRow['peers']} peers */
const peersOf = (peers) =>
  /** @type {[PeerName, import('./measure-peers.mjs').PeerResult][]} */ (Object.entries(peers));

/** @param {number | undefined} ratio none for our own row */
const ratioCell = (ratio) => (ratio === undefined ? '1' : times(ratio));

/** @param {NonNullable<Results['products']>} products @returns {Rows} */
export const productTable = ({ rows }) => [
  ['product', 'shape', 'GFLOP/s', 'least to most'],
  ...rows.map(({ name, shape, gflops }) => [
    name,
    shape,
    gflops.median.toFixed(0),
    `${gflops.least.toFixed(0)} to ${gflops.most.toFixed(0)}`,
  ]),
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
        const what = task === 'step' ? `${row.pairs} pairs${inParts(row)}` : `${count} items`;
        return [
          `${row.size}, ${what}`,
          labels[name],
          milliseconds(time.median),
          `${milliseconds(time.low)} to ${milliseconds(time.high)}`,
          (count / (time.median / 1000)).toFixed(1),
          ratioCell(row.speedups[name]),
          row.shareOfCeiling === undefined ? '' : share(row, time.median),
          gigabytes(peakBytes),
        ];
      }),
    );
  return [['work', 'side', 'median', 'quartiles', perSecond, 'over UniECS', 'of the ceiling', 'peak memory'], ...rows];
}

const inParts = (/** @type {WorkRow} */ { pairs, microBatch }) => (microBatch < pairs ? ` by ${microBatch}` : '');

/** What part of the ceiling a time is. */
function share(/** @type {WorkRow} */ { gflops, peers, shareOfCeiling = 0 }, /** @type {number} */ ms) {
  const ours = /** @type {{ time: { median: number } }} */ (peers.ours).time.median;
  return `${(100 * shareOfCeiling * (ours / ms) * (gflops > 0 ? 1 : 0)).toFixed(0)} %`;
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

/** @param {NonNullable<Results['growth']>} growth @returns {Rows} */
export const growthTable = (growth) => [
  [
    'pairs a batch',
    'encoders',
    'encoders, per pair',
    'whole step',
    'peak memory',
    'of it representations',
    'of it the batch',
  ],
  ...growth.map(({ pairs, encoderMs, stepMs, peakBytes, representationBytes, batchBytes }) => [
    `${pairs}`,
    milliseconds(encoderMs),
    milliseconds(encoderMs / pairs),
    milliseconds(stepMs),
    gigabytes(peakBytes),
    megabytes(representationBytes),
    megabytes(batchBytes),
  ]),
];

/** @param {NonNullable<Results['tfjs']>} tfjs @returns {Rows} */
export const tfjsTable = (tfjs) => [
  ['work', 'side', 'median', 'quartiles', 'over UniECS', 'peak memory'],
  ...tfjs.flatMap(({ work, peers, speedups }) =>
    peersOf(peers).map(([name, { time, peakBytes }]) => [
      work,
      labels[name],
      milliseconds(time.median),
      `${milliseconds(time.low)} to ${milliseconds(time.high)}`,
      ratioCell(speedups[name]),
      gigabytes(peakBytes),
    ]),
  ),
];

/**
 * All tables of the results with their headings.
 * @param {Results} results
 * @returns {{ title: string, rows: Rows }[]}
 */
export function resultTables({ products, work, growth, tfjs }) {
  const has = (/** @type {WorkRow['task']} */ task) => work.some((row) => row.task === task);
  return [
    ...(products ? [{ title: 'Matrix products', rows: productTable(products) }] : []),
    ...(has('step') ? [{ title: 'Training step', rows: workTable(work, 'step') }] : []),
    ...(has('encode') ? [{ title: 'Encoding', rows: workTable(work, 'encode') }] : []),
    ...(work.length > 0 ? [{ title: 'Building the graph', rows: buildTable(work) }] : []),
    ...(growth ? [{ title: 'Growth', rows: growthTable(growth) }] : []),
    ...(tfjs ? [{ title: 'TensorFlow.js', rows: tfjsTable(tfjs) }] : []),
  ];
}
