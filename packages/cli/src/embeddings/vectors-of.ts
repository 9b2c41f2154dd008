import type { ItemVectors } from '@uniecs/mbeer';
import { badEmbeddings } from './embeddings-error.js';

/** What of an item a vector is of. */
export type View = 'fused' | 'image' | 'text';

export const views: readonly View[] = ['fused', 'image', 'text'];

/** A matrix of one view `[rows, columns]`. */
export interface ViewMatrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float32Array;
}

/** Which rows of a view are there, `[N]`. */
export interface Presence {
  readonly hasImage?: ArrayLike<number>;
  readonly hasText?: ArrayLike<number>;
}

/**
 * The vectors of a file.
 *
 * @throws UniecsError `data` without a view, for views of different widths, or for another number of rows than ids
 */
export function vectorsOf(
  ids: readonly string[],
  matrices: ReadonlyMap<View, ViewMatrix>,
  path: string,
  presence: Presence = {},
): ItemVectors {
  const [first] = matrices.values();
  if (!first) throw badEmbeddings(`fused, image or text in ${path}`, 'none of them', 'name what it holds so');
  for (const [view, { rows, columns }] of matrices) {
    if (rows !== ids.length) {
      const got = `${rows} rows of ${view} and ${ids.length} ids`;
      throw badEmbeddings(`as many ids as rows in ${path}`, got, 'write both in one go');
    }
    if (columns !== first.columns) {
      const got = [...matrices].map(([name, matrix]) => `${name} of ${matrix.columns}`).join(', ');
      throw badEmbeddings(`views of one width in ${path}`, got, 'they are compared with each other by dot products');
    }
  }
  const data = Object.fromEntries([...matrices].map(([view, matrix]) => [view, matrix.data]));
  return { ids, dimension: first.columns, ...data, ...presence };
}
