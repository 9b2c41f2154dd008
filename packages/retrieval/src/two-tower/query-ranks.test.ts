import { seededRandom } from '@uniecs/tensor';
import { randomArray } from '@uniecs/tensor/testing';
import { describe, expect, it } from 'vitest';
import { queryKs, queryReport, rankProducts, ranksIn } from './query-ranks.js';

const [queryCount, productCount, width] = [263, 31, 3];
const random = seededRandom(2);
const asked = { rows: queryCount, columns: width, data: randomArray(random.fork('q'), [queryCount, width]) };
const found = { rows: productCount, columns: width, data: randomArray(random.fork('p'), [productCount, width]) };
const queries = Array.from({ length: queryCount }, (_, i) => ({
  ...{ id: `q${i}`, text: `query ${i}`, kind: i % 3 === 0 ? 'type' : 'word type' },
  relevant: Array.from(
    random
      .fork(`relevant ${i}`)
      .permutation(productCount)
      .slice(0, 2 + (i % 4)),
    (p) => `p${p}`,
  ),
}));
const products = Array.from({ length: productCount }, (_, i) => ({
  id: `p${i}`,
  title: `${i}`,
  line: i + 1,
  metadata: {},
}));

/** Ranks by sorting all products for each query. */
const sorted = queries.map(({ relevant }, i) => {
  const scores = products.map((_, j) => {
    let sum = 0;
    for (let k = 0; k < width; k++) {
      sum += (asked.data[i * width + k] as number) * (found.data[j * width + k] as number);
    }
    return sum;
  });
  const order = products.map((_, j) => j).sort((a, b) => (scores[b] as number) - (scores[a] as number));
  return relevant.map((id) => order.indexOf(Number(id.slice(1))) + 1).sort((a, b) => a - b);
});

describe('query ranks', () => {
  it('are those of sorting all products for each query, over several blocks of queries', async () => {
    const embedder = {
      embedQueries: async () => asked,
      embedProducts: async () => found,
    };
    const ranks = await rankProducts(embedder, { queries, products });
    expect(ranks.map((own) => [...own])).toEqual(sorted);
    const places = queries.map(({ relevant }) => relevant.map((id) => Number(id.slice(1))));
    expect(ranksIn(asked, found, places)).toEqual(ranks);
    const strange = [{ ...(queries[0] as (typeof queries)[number]), relevant: ['p1', 'px'] }];
    await expect(rankProducts(embedder, { queries: strange, products })).rejects.toThrow("no product 'px'");
  });

  it('are reported as hit, recall and nDCG at each K, over all queries and by kind', () => {
    const report = queryReport(
      { queries, products },
      sorted.map((own) => Int32Array.from(own)),
    );
    expect(report).toMatchObject({ queries: queryCount, products: productCount });
    const mean = (of: (own: number[]) => number, all = sorted) =>
      all.reduce((sum, own) => sum + of(own), 0) / all.length;
    for (const k of queryKs) {
      const within = (own: number[]) => own.filter((rank) => rank <= k);
      const gain = (ranks: number[]) => ranks.reduce((sum, rank) => sum + 1 / Math.log2(rank + 1), 0);
      const ideal = (own: number[]) => gain(own.slice(0, k).map((_, i) => i + 1));
      expect(report.values[`hit@${k}`]).toBeCloseTo(
        mean((own) => Number(within(own).length > 0)),
        12,
      );
      expect(report.values[`R@${k}`]).toBeCloseTo(
        mean((own) => within(own).length / own.length),
        12,
      );
      expect(report.values[`nDCG@${k}`]).toBeCloseTo(
        mean((own) => gain(within(own)) / ideal(own)),
        12,
      );
    }
    const type = sorted.filter((_, i) => i % 3 === 0);
    expect(report.kinds.type?.queries).toBe(type.length);
    expect(report.kinds.type?.values['hit@1']).toBeCloseTo(
      mean((own) => Number(own[0] === 1), type),
      12,
    );
    expect(Object.keys(report.kinds)).toEqual(['type', 'word type']);
  });
});
