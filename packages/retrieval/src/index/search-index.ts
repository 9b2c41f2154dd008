import type { MetadataValue } from '@uniecs/mbeer';

/** An entry of an index: an item's embedding and what a result shows of the item. */
export interface IndexRecord {
  /** Not empty; well-formed Unicode. */
  readonly id: string;
  /** `[D]`, finite, not all zeros; L2-normalised when it is stored, unless it is already. */
  readonly vector: Float32Array;
  readonly title?: string;
  readonly image?: string;
  /** Scalar fields for filters. The names `id`, `title` and `image` are taken: filters see those of the record itself. */
  readonly metadata: Readonly<Record<string, MetadataValue>>;
}

/** What is searched for. */
export interface SearchQuery {
  /** `[D]`, finite, not all zeros; L2-normalised here. */
  readonly vector: Float32Array;
  /** Hits wanted, from 1; where the index (or the filter) has fewer, all of those. */
  readonly k: number;
  /**
   * A filter that hits must pass, SQL-like: `price < 20 and brand in ('a', 'b') and not (colour = 'red' or size is null)`.
   * A comparison with a field that a record lacks, or holds as null or as another type, is neither true nor false (SQL's unknown).
   */
  readonly where?: string;
}

/** A search result. */
export interface SearchHit {
  readonly id: string;
  /** Dot product of the L2-normalised vectors: their cosine, -1 to 1, rounded to float32. */
  readonly score: number;
  readonly title?: string;
  readonly image?: string;
  readonly metadata: Readonly<Record<string, MetadataValue>>;
}

/**
 * An index of embeddings. Every store passes the same tests and gives the same answers.
 *
 * Calls may overlap: each sees the effect of the writes that were called before it. What is written is on disk for certain after
 * `flush` or `close`. Every method but `close` throws UniecsError `argument` once the index is closed.
 */
export interface SearchIndex {
  /** The store's name: `exact`, `lancedb`. */
  readonly store: string;
  /** D. */
  readonly dimension: number;
  /** The fingerprint of the model that made the vectors, as given when the index was made; '' where none was. */
  readonly model: string;
  /**
   * Adds records; one whose id is there already replaces it whole.
   *
   * @throws UniecsError, before anything is written: `shape` for a vector of another length, `numeric` for NaN, Inf or zeros,
   *   `data` for a bad id or field, or an id twice in one call; `file` where writing fails (adding again is safe)
   */
  add(records: readonly IndexRecord[]): Promise<void>;
  /** Removes records and returns how many there were; an unknown id is no error. */
  remove(ids: readonly string[]): Promise<number>;
  /** The record of an id, its vector L2-normalised, or undefined. */
  get(id: string): Promise<IndexRecord | undefined>;
  /**
   * The k records of highest score, best first, equal scores by id (in code point order).
   *
   * @throws UniecsError `shape` or `numeric` for the vector, `argument` for k or a filter: a fault of syntax, a field that no record
   *   ever had, a value of a type that the field never had
   */
  search(query: SearchQuery): Promise<SearchHit[]>;
  /** Records in the index. */
  count(): Promise<number>;
  /** Brings everything to disk. */
  flush(): Promise<void>;
  /** Flushes and closes; a second time does nothing. Where flushing fails, the index stays open. */
  close(): Promise<void>;
}
