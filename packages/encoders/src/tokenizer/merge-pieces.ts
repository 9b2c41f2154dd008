/** Orders strings by code unit, the same in every locale. */
export function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

interface Pair {
  readonly left: string;
  readonly right: string;
  count: number;
  readonly words: Set<number>;
}

/**
 * Merges the most frequent pair of neighbouring pieces again and again, from single characters on: the byte-pair rule that
 * trains WordPiece vocabularies. Ties go to the pair that is first by code unit.
 *
 * @param words words and their counts, each of at least one character
 * @param minFrequency a pair below this count is not merged
 * @param visit is given each merged piece in order, continuing ones with `##` in front; false ends the merging
 */
export function mergePieces(
  words: ReadonlyMap<string, number>,
  minFrequency: number,
  visit: (piece: string) => boolean,
): void {
  const entries = [...words].sort(([a], [b]) => byCodeUnit(a, b));
  const counts = entries.map(([, count]) => count);
  const pieces = entries.map(([word]) => [...word].map((char, i) => (i === 0 ? char : `##${char}`)));
  const pairs = new Map<string, Pair>();

  const count = (index: number, sign: 1 | -1) => {
    const word = pieces[index] as string[];
    for (let i = 0; i + 1 < word.length; i++) {
      const [left, right] = [word[i] as string, word[i + 1] as string];
      const key = `${left} ${right}`;
      let pair = pairs.get(key);
      if (!pair) {
        pair = { left, right, count: 0, words: new Set() };
        pairs.set(key, pair);
      }
      pair.count += sign * (counts[index] as number);
      if (sign > 0) pair.words.add(index);
      if (pair.count === 0) pairs.delete(key);
    }
  };
  pieces.forEach((_, index) => {
    count(index, 1);
  });

  for (let going = pairs.size > 0; going; ) {
    let best: Pair | undefined;
    let bestKey = '';
    for (const [key, pair] of pairs) {
      if (!best || pair.count > best.count || (pair.count === best.count && key < bestKey)) {
        best = pair;
        bestKey = key;
      }
    }
    if (!best || best.count < minFrequency) break;
    const { left, right } = best;
    const merged = left + right.slice('##'.length);
    for (const index of [...best.words]) {
      count(index, -1);
      const word = pieces[index] as string[];
      for (let i = 0; i + 1 < word.length; i++) {
        if (word[i] === left && word[i + 1] === right) word.splice(i, 2, merged);
      }
      count(index, 1);
    }
    going = visit(merged);
  }
}
