/** What the thread that reads Parquet is asked: embeddings, or the rows of a table from row `from` on, asked in order. */
export type ParquetRequest =
  | { readonly what: 'embeddings'; readonly path: string }
  | { readonly what: 'rows'; readonly path: string; readonly from: number };
