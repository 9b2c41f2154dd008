/** A title as words with weights, of length 1. */
export type TitleVector = ReadonlyMap<string, number>;

/**
 * TF-IDF vectors of titles: words are runs of lower-case letters and digits, weight = count x idf, idf = ln((1 + N) / (1 + n)) + 1 where
 * n of the N titles have the word, scaled to length 1.
 */
export function titleVectors(titles: readonly string[]): TitleVector[] {
  const counted = titles.map((title) => {
    const counts = new Map<string, number>();
    for (const word of title.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [])
      counts.set(word, (counts.get(word) ?? 0) + 1);
    return counts;
  });
  const having = new Map<string, number>();
  for (const counts of counted) for (const word of counts.keys()) having.set(word, (having.get(word) ?? 0) + 1);
  return counted.map((counts) => {
    const weighted = [...counts].map(([word, count]): [string, number] => {
      const idf = Math.log((1 + titles.length) / (1 + (having.get(word) as number))) + 1;
      return [word, count * idf];
    });
    const norm = Math.sqrt(weighted.reduce((sum, [, weight]) => sum + weight * weight, 0));
    return new Map(weighted.map(([word, weight]) => [word, weight / norm]));
  });
}

/** The cosine of two titles. */
export function titleCosine(a: TitleVector, b: TitleVector): number {
  let sum = 0;
  for (const [word, weight] of a) sum += weight * (b.get(word) ?? 0);
  return sum;
}
