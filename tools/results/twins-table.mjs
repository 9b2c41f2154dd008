import { markdownTable } from '../bench/table.mjs';

/** @typedef {{ mean?: number, imageSided?: number }} Recall */
/** @typedef {{ model: string, change: string, epochs: number, seeds: number, [pool: `pool of ${string}`]: Recall }} Row */

const pools = /** @type {const} */ (['pool of 1,000', 'pool of 5,000']);

/**
 * Runs of PyTorch twins on a graphics card: a row each, Recall@10 on validation among the partners alone and with distractors.
 * @param {{ rows: Row[] }} result
 */
export function twinsTable({ rows }) {
  const heading = [
    'model',
    'settings',
    'epochs',
    'seeds',
    ...pools.map((pool) => `${pool}: nine tasks / image-sided five`),
  ];
  const body = rows.map((row) => [
    ...[row.model, row.change || 'as it is', `${row.epochs}`, `${row.seeds}`],
    ...pools.map((pool) => both(row[pool])),
  ]);
  return markdownTable([heading, ...body]);
}

/** @param {Recall | undefined} recall */
function both(recall) {
  if (!recall) return '-';
  return [recall.mean, recall.imageSided].flatMap((x) => (x === undefined ? [] : [x.toFixed(3)])).join(' / ');
}
