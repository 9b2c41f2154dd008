import { markdownTable } from '../bench/table.mjs';

/** @typedef {{ model: string, change: string, epochs: number, minutes: number, recall: Record<string, number> }} Row */

const columns = ['mean', 'imageSided', 'v->v', 'v->t', 'v->vt', 't->v', 'vt->v'];

/**
 * Short runs that chose what was worth a long one: a row each, Recall@10 on validation.
 * @param {{ rows: Row[] }} result
 */
export function explorationTable({ rows }) {
  const heading = ['model', 'settings', 'epochs', 'mean', 'image-sided five', ...columns.slice(2)];
  const body = rows.map(({ model, change, epochs, recall }) => [
    ...[model, change, `${epochs}`],
    ...columns.map((name) => recall[name]?.toFixed(3) ?? '-'),
  ]);
  return markdownTable([heading, ...body]);
}
