import type { ArmOutcome, BeyondTextReport } from '@uniecs/retrieval';
import { textTable } from './text-table.js';

/** The measures that stand on the terminal; the files have more. */
const measures = ['R@10', 'nDCG@10', 'hit@10'] as const;
const compared = 'nDCG@10';

/** The arms of the recipe in a few columns: measures on test, and how far they are from the baseline's. */
export function beyondTextTable({ arms, baseline, bootstrap }: BeyondTextReport): string {
  const percent = Math.round(bootstrap.confidence * 100);
  const head = [
    'arm',
    'seeds',
    ...measures,
    `${compared} from ${baseline}`,
    `${percent} % over queries`,
    '± over seeds',
  ];
  const rows = arms.map((arm) => {
    const gap = arm.gap?.[compared];
    return [
      arm.name,
      `${arm.seeds.length} of ${arm.runs.length}`,
      ...measures.map((name) => measure(arm, name)),
      gap ? signed(gap.difference) : '-',
      gap ? `${signed(gap.low)} to ${signed(gap.high)}` : '-',
      typeof gap?.deviation === 'number' ? gap.deviation.toFixed(3) : '-',
    ];
  });
  return textTable([head, ...rows], [1, 2, 3, 4, 5, 6, 7]);
}

function measure({ mean }: ArmOutcome, name: string): string {
  return mean?.test[name]?.toFixed(3) ?? '-';
}

function signed(value: number): string {
  return `${value > 0 ? '+' : ''}${value.toFixed(3)}`;
}
