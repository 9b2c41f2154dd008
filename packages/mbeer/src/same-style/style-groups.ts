import type { CatalogueItem, MetadataValue, Pair } from '../items.js';
import { disjointSets } from '../pair-builder/disjoint-sets.js';

/**
 * The style group of each item by the value of one or several of its fields: items that agree in all of them. -1 where one is missing or null.
 *
 * @returns [N]
 */
export function groupsByField(items: readonly CatalogueItem[], fields: readonly string[]): Int32Array {
  const numbers = new Map<string, number>();
  return Int32Array.from(items, ({ metadata }) => {
    const values = fields.map((field): MetadataValue => metadata[field] ?? null);
    if (values.includes(null)) return -1;
    const key = JSON.stringify(values);
    const known = numbers.get(key) ?? numbers.size;
    numbers.set(key, known);
    return known;
  });
}

/**
 * The style group of each item by same-style pairs: items that are joined by pairs, also by way of others. -1 for an item of no pair.
 *
 * @returns [N], and how many items of the pairs are not among the items
 */
export function groupsByPairs(
  items: readonly { readonly id: string }[],
  pairs: readonly Pair[],
): { readonly groups: Int32Array; readonly missing: number } {
  const numbers = new Map<string, number>();
  const numberOf = (id: string) => {
    const known = numbers.get(id) ?? numbers.size;
    numbers.set(id, known);
    return known;
  };
  const joined = pairs.map(({ item1, item2 }) => [numberOf(item1.id), numberOf(item2.id)] as const);
  const sets = disjointSets(numbers.size);
  for (const [a, b] of joined) sets.join(a, b);
  const groups = Int32Array.from(items, ({ id }) => {
    const number = numbers.get(id);
    return number === undefined ? -1 : sets.rootOf(number);
  });
  const there = new Set(items.map(({ id }) => id));
  return { groups, missing: [...numbers.keys()].filter((id) => !there.has(id)).length };
}
