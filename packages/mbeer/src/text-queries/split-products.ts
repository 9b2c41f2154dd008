import { seededRandom, UniecsError } from '@uniecs/tensor';

/**
 * Parts of a catalogue that share no product, for queries that are trained on and queries that are judged. Each product draws a number
 * from the seed and its id, and the order of these is cut at `round(N * sum of the shares so far)`.
 * Each part keeps the order of the items.
 *
 * Products, not titles, are apart: two products with the same title may stand in two parts.
 *
 * @param shares share of each part by name, above 0, together 1: `{ train: 0.8, val: 0.1, test: 0.1 }`
 * @throws UniecsError `argument` where the shares are not such
 */
export function splitProducts<Name extends string, T extends { readonly id: string }>(
  items: readonly T[],
  { shares, seed }: { readonly shares: Readonly<Record<Name, number>>; readonly seed: number | string },
): Record<Name, T[]> {
  const parts = Object.entries(shares) as [Name, number][];
  const sum = parts.reduce((total, [, share]) => total + share, 0);
  if (parts.some(([, share]) => !(share > 0)) || !(Math.abs(sum - 1) < 1e-9)) {
    throw new UniecsError({
      code: 'argument',
      where: 'splitProducts',
      expected: 'shares above 0 that are 1 together',
      got: parts.map(([name, share]) => `${name} ${share}`).join(', ') || 'none',
      hint: 'the usual are train 0.8, val 0.1, test 0.1',
    });
  }
  const random = seededRandom(seed);
  const ids = [...new Set(items.map(({ id }) => id))]
    .map((id) => ({ id, number: random.fork(id).uniform() }))
    .sort((a, b) => a.number - b.number || (a.id < b.id ? -1 : 1));
  const partOf = new Map<string, Name>();
  let [begin, upTo] = [0, 0];
  for (const [name, share] of parts) {
    upTo += share;
    const end = Math.round(upTo * ids.length);
    for (const { id } of ids.slice(begin, end)) partOf.set(id, name);
    begin = end;
  }
  const result = Object.fromEntries(parts.map(([name]) => [name, [] as T[]])) as Record<Name, T[]>;
  for (const item of items) result[partOf.get(item.id) as Name].push(item);
  return result;
}
