import type { FieldTypes } from './field-types.js';
import type { IndexRecord, SearchHit } from './search-index.js';
import type { Condition } from './where-syntax.js';

/** Records of one write at most. */
export const writeBatchSize = 1000;

/**
 * What a store has to do itself; `indexOf` makes a SearchIndex of it, and checks and orders the calls: arguments are valid, at most
 * one write runs at a time, reads may overlap it.
 */
export interface IndexStore {
  readonly name: string;
  readonly dimension: number;
  readonly model: string;
  /** The metadata fields that a written record ever had, with the types of their values. */
  readonly fields: FieldTypes;
  /** Adds or replaces at most `writeBatchSize` records of different ids: all of them or, where it throws, none. */
  write(records: readonly IndexRecord[]): Promise<void>;
  /** Removes at most `writeBatchSize` different ids; returns how many were there. */
  remove(ids: readonly string[]): Promise<number>;
  get(id: string): Promise<IndexRecord | undefined>;
  /** As `SearchIndex.search`, for a unit vector and a filter whose fields and types are known. */
  nearest(query: {
    readonly vector: Float32Array;
    readonly k: number;
    readonly condition?: Condition;
  }): Promise<SearchHit[]>;
  count(): Promise<number>;
  flush(): Promise<void>;
  close(): Promise<void>;
}
