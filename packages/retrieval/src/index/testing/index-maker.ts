import type { SearchIndex } from '../search-index.js';

/** How the suite makes, and finds again, indexes of one store. Each name is another index. */
export interface IndexMaker {
  create(name: string, dimension: number, options?: { model?: string }): Promise<SearchIndex>;
  open(name: string): Promise<SearchIndex>;
}
