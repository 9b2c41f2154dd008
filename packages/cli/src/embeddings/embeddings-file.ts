import type { Embeddings } from '@uniecs/mbeer';

/** Embeddings of items with their ids, and what they were made by. */
export interface NamedEmbeddings {
  readonly ids: readonly string[];
  readonly embeddings: Embeddings;
  /** `modelFingerprint` of the model. */
  readonly model: string;
}
