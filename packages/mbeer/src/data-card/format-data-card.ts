import type { DataCard, DuplicateCounts } from './data-card.js';

/** Categories that are shown. */
const mostCategories = 20;

/** A card as Markdown. */
export function formatDataCard({ parts, duplicates }: DataCard): string {
  const share = (count: number, total: number) =>
    total === 0 ? '0' : `${count} (${((100 * count) / total).toFixed(1)} %)`;
  const head = ['', ...parts.map(({ name }) => name)];
  const facts = table(head, [
    ['pairs', ...parts.map(({ pairs }) => String(pairs ?? ''))],
    [
      'pairs with equal titles',
      ...parts.map(({ equalTitles, pairs = 0 }) => (equalTitles === undefined ? '' : share(equalTitles, pairs))),
    ],
    ['products', ...parts.map(({ products }) => String(products))],
    ['image and title', ...parts.map(({ modalities, products }) => share(modalities.both, products))],
    ['image only', ...parts.map(({ modalities, products }) => share(modalities.imageOnly, products))],
    ['title only', ...parts.map(({ modalities, products }) => share(modalities.textOnly, products))],
  ]);
  const names = new Map<string, number>();
  for (const { categories } of parts)
    for (const [name, count] of categories) names.set(name, (names.get(name) ?? 0) + count);
  const shown = [...names].sort(([, n], [, m]) => m - n).slice(0, mostCategories);
  const countIn = parts.map(({ categories }) => new Map(categories));
  const categories =
    shown.length === 0
      ? ''
      : `\n## Categories\n\n${table(
          head,
          shown.map(([name]) => [name, ...countIn.map((counts) => String(counts.get(name) ?? 0))]),
        )}${names.size > shown.length ? `\nand ${names.size - shown.length} more\n` : ''}`;
  const kinds: readonly (readonly [string, DuplicateCounts])[] = [
    ['same id', duplicates.ids],
    ['same title', duplicates.titles],
    ['same picture file', duplicates.pictures],
    ['same or almost the same picture', duplicates.nearPictures],
  ];
  const within = table(
    head,
    kinds.map(([name, { within }]) => [name, ...parts.map((part) => String(within[part.name]))]),
  );
  const across = duplicates.ids.across.map(({ parts: [a, b] }) => `${a} and ${b}`);
  const leaks =
    across.length === 0
      ? ''
      : `\n## In two parts\n\n${table(
          ['', ...across],
          kinds.map(([name, counts]) => [name, ...counts.across.map(({ count }) => String(count))]),
        )}`;
  return `## Parts\n\n${facts}${categories}\n## Duplicates within a part\n\n${within}${leaks}`;
}

/** A Markdown table; what would break it is escaped. */
function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replace(/[\\|]/g, '\\$&').replace(/\s+/g, ' ')).join(' | ')} |\n`;
  return line(head) + line(head.map((_, i) => (i === 0 ? '---' : '---:'))) + rows.map(line).join('');
}
