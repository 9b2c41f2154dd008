import type { IndexStore } from './index-store.js';

/** How indexes of one kind come into being. */
export interface StoreKind {
  /**
   * Makes an empty index at an absolute path whose folder exists. Where `overwrite` is set, an index of this kind stands there; it must
   * stay whole until the new one's first flush.
   *
   * @throws UniecsError `file`; also where what is to be overwritten is no index
   */
  create(options: { path: string; dimension: number; model: string; overwrite: boolean }): Promise<IndexStore>;
  /** Opens the index at an absolute path. */
  open(path: string): Promise<IndexStore>;
}
