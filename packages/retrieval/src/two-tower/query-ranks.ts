import { dotProducts, hitAtK, meanRecallAtK, ndcgAtK, ranksOfRelevant, type TextQuery } from '@uniecs/mbeer';
import { UniecsError } from '@uniecs/tensor';
import type { EmbedOptions } from '../embedding/embedder.js';
import type { QuerySet } from './query-data.js';
import type { TwoTowerEmbedder, Vectors } from './two-tower-embedder.js';

/** The K of every measure. */
export const queryKs: readonly number[] = [1, 5, 10, 50, 100];

/** hit@K, Recall@K and nDCG@K by name (`nDCG@10`), over some queries; `null` where there is none. */
export interface QueryMetrics {
  readonly queries: number;
  readonly values: Readonly<Record<string, number | null>>;
}

/** What queries are judged on, by all of them and by kind. */
export interface QueryReport extends QueryMetrics {
  /** Candidates: all products of the part. */
  readonly products: number;
  readonly kinds: Readonly<Record<string, QueryMetrics>>;
}

/** Of each query the ranks of its relevant products among all products, ascending; in the order of the queries. */
export type QueryRanks = readonly Int32Array[];

/** Queries that are scored at a time. */
const scoredAtOnce = 256;

/** Embeds queries and products of a part and ranks all products for each query by dot product. */
export async function rankProducts(
  embedder: Pick<TwoTowerEmbedder, 'embedQueries' | 'embedProducts'>,
  { queries, products }: Pick<QuerySet, 'queries' | 'products'>,
  options: EmbedOptions = {},
): Promise<QueryRanks> {
  const candidates = await embedder.embedProducts(products, options);
  const asked = await embedder.embedQueries(
    queries.map(({ text }) => text),
    options,
  );
  const place = new Map(products.map(({ id }, i) => [id, i]));
  const relevant = queries.map((query) => query.relevant.map((id) => place.get(id) ?? missing(query, id)));
  return ranksIn(asked, candidates, relevant);
}

/** The ranks of relevant rows of `candidates` for each row of `asked`. Ties count against the query. */
export function ranksIn(asked: Vectors, candidates: Vectors, relevant: readonly (readonly number[])[]): QueryRanks {
  const { columns } = asked;
  const ranks: Int32Array[] = [];
  for (let start = 0; start < asked.rows; start += scoredAtOnce) {
    const rows = Math.min(scoredAtOnce, asked.rows - start);
    const data = asked.data.subarray(start * columns, (start + rows) * columns);
    const scores = dotProducts({ rows, columns, data }, candidates);
    for (let i = 0; i < rows; i++) {
      const own = scores.subarray(i * candidates.rows, (i + 1) * candidates.rows);
      ranks.push(ranksOfRelevant(own, relevant[start + i] as readonly number[]));
    }
  }
  return ranks;
}

/** The measures of ranked queries. */
export function queryReport(
  { queries, products }: Pick<QuerySet, 'queries' | 'products'>,
  ranks: QueryRanks,
): QueryReport {
  const kinds = [...new Set(queries.map(({ kind }) => kind))];
  const of = (kind: string) => metricsOf(ranks.filter((_, i) => queries[i]?.kind === kind));
  return {
    ...metricsOf(ranks),
    products: products.length,
    kinds: Object.fromEntries(kinds.map((kind) => [kind, of(kind)])),
  };
}

function metricsOf(ranks: QueryRanks): QueryMetrics {
  const values = queryKs.flatMap((k): [string, number | null][] => [
    [`hit@${k}`, hitAtK(ranks, k)],
    [`R@${k}`, meanRecallAtK(ranks, k)],
    [`nDCG@${k}`, ndcgAtK(ranks, k)],
  ]);
  return { queries: ranks.length, values: Object.fromEntries(values) };
}

function missing({ text }: TextQuery, id: string): never {
  throw new UniecsError({
    code: 'argument',
    where: 'rankProducts',
    expected: `the products that are relevant to '${text}' among the candidates`,
    got: `no product '${id}'`,
    hint: 'rank the products of the part that the queries are of',
    details: { id },
  });
}
