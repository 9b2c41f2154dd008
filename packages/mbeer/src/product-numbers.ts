import type { Item, Pair } from './items.js';

/**
 * A number per product of some pairs. Items of the same id or the same title (small and capital letters alike) are one product, also by way
 * of a third item: one is no negative of the other.
 */
export function productNumbers(pairs: readonly Pair[]): (item: Item) => number {
  const parents = new Map<string, string>();
  const rootOf = (name: string): string => {
    let root = name;
    for (let up = parents.get(root); up !== undefined && up !== root; up = parents.get(root)) root = up;
    parents.set(name, root);
    return root;
  };
  const items = pairs.flatMap(({ item1, item2 }) => [item1, item2]);
  for (const item of items) {
    const [first, ...others] = namesOf(item).map(rootOf) as [string, ...string[]];
    for (const other of others) parents.set(other, first);
  }
  const numbers = new Map<string, number>();
  for (const { id } of items) {
    const root = rootOf(`id ${id}`);
    if (!numbers.has(root)) numbers.set(root, numbers.size);
  }
  return ({ id }) => numbers.get(rootOf(`id ${id}`)) as number;
}

/** The two names of a product. */
function namesOf({ id, title }: Item): string[] {
  return title === undefined ? [`id ${id}`] : [`id ${id}`, `title ${title.toLowerCase().trim()}`];
}
