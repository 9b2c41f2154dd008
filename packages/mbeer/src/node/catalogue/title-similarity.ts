/** A title as words with weights, of length 1. */
export type TitleVector = ReadonlyMap<string, number>;

/**
 * The TF-IDF vectors of titles among given ones: words are runs of lower-case letters and digits, weight = count x idf,
 * idf = ln((1 + N) / (1 + n)) + 1 where n of the N titles have the word, scaled to length 1. What is kept is a number per word.
 *
 * @param titles read once
 * @returns the vector of a title; a word that none of `titles` has is taken as n = 0, a title without words has no entries
 */
export function titleVectors(titles: Iterable<string>): (title: string) => TitleVector {
  const having = new Map<string, number>();
  let total = 0;
  for (const title of titles) {
    total++;
    for (const word of countWords(title).keys()) having.set(word, (having.get(word) ?? 0) + 1);
  }
  return (title) => {
    const weights = countWords(title);
    let squares = 0;
    for (const [word, count] of weights) {
      const weight = count * (Math.log((1 + total) / (1 + (having.get(word) ?? 0))) + 1);
      weights.set(word, weight);
      squares += weight * weight;
    }
    const norm = Math.sqrt(squares);
    for (const [word, weight] of weights) weights.set(word, weight / norm);
    return weights;
  };
}

function countWords(title: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const word of title.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

/** The cosine of two titles. */
export function titleCosine(a: TitleVector, b: TitleVector): number {
  let sum = 0;
  for (const [word, weight] of a) sum += weight * (b.get(word) ?? 0);
  return sum;
}
