import { markdownTable } from '../bench/table.mjs';

const tasks = ['t->t', 't->v', 't->vt', 'v->t', 'v->v', 'v->vt', 'vt->t', 'vt->v', 'vt->vt', 'mean', 'imageSided'];

/**
 * The arms of an ablation by task: Recall@10, mean over seeds.
 * @param {import('./summary-table.mjs').AblationResult} result
 */
export function tasksTable({ arms }) {
  const heading = [
    '',
    ...tasks.map((name) => (name === 'imageSided' ? 'mean of the image-sided five' : name)),
    'seeds',
  ];
  const body = arms
    .filter(({ mean }) => mean !== null)
    .map(({ name, mean, seeds }) => [
      name,
      ...tasks.map((task) => mean?.[task]?.['R@10']?.toFixed(3) ?? '-'),
      `${seeds.length}`,
    ]);
  return markdownTable([heading, ...body]);
}
