import { recallMeaning } from '@uniecs/mbeer';
import type {
  Figure3Report,
  Figure4Report,
  Figure5Report,
  Figure6Report,
  MissingReport,
  Table1Report,
  Table3Report,
  Table4Report,
} from '@uniecs/retrieval';
import { ablationTable } from './ablation-table.js';
import { textTable } from './text-table.js';

/** Any reproduction's report. */
export type ReproductionReport =
  | Table1Report
  | Table3Report
  | Table4Report
  | Figure3Report
  | Figure4Report
  | Figure5Report
  | Figure6Report
  | MissingReport;

/** Categories that the terminal shows. */
const shownCategories = 10;

/** The main figures of a reproduction in a few columns. */
export function reproductionTable(report: ReproductionReport): string {
  switch (report.what) {
    case 'table1':
      return table1(report);
    case 'table3':
      return table3(report);
    case 'table4':
    case 'figure6':
      return ablationTable(report.comparison);
    case 'figure3':
      return figure3(report);
    case 'figure4':
      return figure4(report);
    case 'figure5':
      return figure5(report);
    case 'missing':
      return missing(report);
  }
}

function table1({ rows }: Table1Report): string {
  const body = rows.map(({ name, kind, note = '', runs = [], mean }) => {
    const seeds = kind === 'trained' ? `${runs.length}` : '-';
    return [name, seeds, ...['mean', 'imageSided', 'vt->vt'].map((row) => shown(mean?.[row]?.['R@10'])), note];
  });
  const head = ['method', 'seeds', 'R@10', 'image-sided', 'vt->vt', ''];
  return `${textTable([head, ...body], [1, 2, 3, 4])}\n\n${recallMeaning}`;
}

function table3({ rows, columns }: Table3Report): string {
  const body = rows.map(({ name, kind, note = '', runs = [], mean }) => {
    const seeds = kind === 'trained' ? `${runs.length}` : '-';
    const values = columns.map(({ benchmark, task }) => shown(mean?.[benchmark]?.[task]?.['R@10']));
    return [name, seeds, ...values, note];
  });
  const heads = columns.map(({ benchmark, task }) => `${benchmark} ${task}`);
  const table = textTable([['R@10', 'seeds', ...heads, ''], ...body], [1, ...heads.map((_, i) => i + 2)]);
  return `${table}\n\nR@K is hit@K: any relevant candidate among the first K.`;
}

function figure3({ category, counts, products }: Figure3Report): string {
  const body = counts
    .slice(0, shownCategories)
    .map(({ name, count }) => [name, `${count}`, `${((100 * count) / products).toFixed(1)} %`]);
  const more = counts.length - body.length;
  const rest = more > 0 ? [[`and ${more} more`, '', '']] : [];
  return textTable([[category, 'products', 'share'], ...body, ...rest], [1, 2]);
}

function figure4({ rows }: Figure4Report): string {
  const names = rows[0]?.panels.map(({ model }) => model) ?? [];
  const body = rows.map(({ task, line, panels }) => [task, `${line}`, ...panels.map(({ rank }) => `${rank}`)]);
  return textTable([['task', 'line', ...names.map((name) => `rank, ${name}`)], ...body], [1, 2, 3, 4, 5, 6]);
}

function figure5({ models }: Figure5Report): string {
  const body = models.map(({ name, gaps }) =>
    [name, gaps.imageText, gaps.imageFused, gaps.textFused].map((gap) => (typeof gap === 'number' ? shown(gap) : gap)),
  );
  return textTable([['model', 'gap v to t', 'v to f', 't to f'], ...body], [1, 2, 3]);
}

function missing({ conditions, models }: MissingReport): string {
  const shares = [...new Set(conditions.map(({ share }) => share))];
  const ways = [...new Set(conditions.map(({ kind, modality }) => `${kind} ${modality}`))];
  const line = (way: string, { name, runs }: MissingReport['models'][number], row: string) => {
    const values = shares.map((share) => {
      const place = conditions.findIndex((one) => `${one.kind} ${one.modality}` === way && one.share === share);
      const found = runs.flatMap(({ results }) => results[place]?.all[row]?.['R@10'] ?? []);
      return shown(found.length === 0 ? null : found.reduce((sum, value) => sum + value, 0) / found.length);
    });
    return [way.replace('text', 'title'), row === 'mean' ? 'mean of nine' : row, name, ...values];
  };
  const body = ways.flatMap((way) => ['mean', 'vt->vt'].flatMap((row) => models.map((model) => line(way, model, row))));
  const head = ['items with', 'R@10', 'model', ...shares.map((share) => `${100 * share} %`)];
  return `${textTable([head, ...body], [3, 4, 5, 6, 7])}\n\n${recallMeaning}`;
}

function shown(value: number | null | undefined): string {
  return typeof value === 'number' ? value.toFixed(3) : '-';
}
