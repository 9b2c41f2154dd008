import { recallMeaning } from '@uniecs/mbeer';
import type { AblationReport, ArmReport } from '@uniecs/retrieval';
import { textTable } from './text-table.js';

const column = 'R@10';

/** The arms of an ablation in a few columns: the two means of Recall@10, and how far they are from the baseline's. */
export function ablationTable({ arms, baseline, bootstrap }: AblationReport): string {
  const percent = Math.round(bootstrap.confidence * 100);
  const head = ['arm', 'seeds', column, 'image-sided', `from ${baseline}`, `${percent} % over queries`, '± over seeds'];
  const rows = arms.map((arm) => {
    const cell = arm.difference?.mean?.[column];
    return [
      arm.name,
      `${arm.seeds.length} of ${arm.cells.length}`,
      recall(arm, 'mean'),
      recall(arm, 'imageSided'),
      cell ? signed(cell.difference) : '-',
      cell ? `${signed(cell.low)} to ${signed(cell.high)}` : '-',
      typeof cell?.deviation === 'number' ? cell.deviation.toFixed(3) : '-',
    ];
  });
  return `${textTable([head, ...rows], [1, 2, 3, 4, 5, 6])}\n\n${recallMeaning}`;
}

function recall({ mean }: ArmReport, row: string): string {
  return mean?.[row]?.[column]?.toFixed(3) ?? '-';
}

function signed(value: number): string {
  return `${value > 0 ? '+' : ''}${value.toFixed(3)}`;
}
