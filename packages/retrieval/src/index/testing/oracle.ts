import type { IndexRecord } from '../search-index.js';

/** Unit vectors in float64, as plain numbers. */
function unit(vector: Float32Array): number[] {
  let squares = 0;
  for (const x of vector) squares += x * x;
  return Array.from(vector, (x) => x / Math.sqrt(squares));
}

/** What an index should answer, the plain way: every cosine in float64, all of them sorted. */
export function oracleSearch(
  records: Iterable<IndexRecord>,
  query: Float32Array,
  k: number,
  passes: (record: IndexRecord) => boolean = () => true,
): { id: string; score: number }[] {
  const q = unit(query);
  const all = [...records].filter(passes).map(({ id, vector }) => {
    const v = unit(vector);
    let score = 0;
    for (let i = 0; i < q.length; i++) score += (q[i] as number) * (v[i] as number);
    return { id, score };
  });
  const bytes = (id: string) => Buffer.from(id);
  return all.sort((a, b) => b.score - a.score || Buffer.compare(bytes(a.id), bytes(b.id))).slice(0, k);
}
