import { UniecsError } from '@uniecs/tensor';
import type { Modality } from './tasks.js';

/**
 * The three representations of N items, row-major float32 `[N, D]`, compared by dot product (so L2-normalised for a cosine).
 * What stands in the rows of a missing modality does not matter: they are never read.
 */
export interface Embeddings {
  /** N. */
  readonly count: number;
  /** D. */
  readonly dimension: number;
  readonly fused: Float32Array;
  readonly image: Float32Array;
  readonly text: Float32Array;
  /** `[N]`, 1 where the item has an image, else 0. */
  readonly hasImage: ArrayLike<number>;
  /** `[N]`, 1 where the item has a title, else 0. */
  readonly hasText: ArrayLike<number>;
}

/** A row-major float32 matrix `[rows, columns]`. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly data: Float32Array;
}

/**
 * The rows of the items that have a modality, ascending. The fused representation exists where the item has an image, a title or both.
 */
export function rowsWith(embeddings: Embeddings, modality: Modality): Int32Array {
  const rows: number[] = [];
  for (let row = 0; row < embeddings.count; row++) {
    const image = Number(embeddings.hasImage[row]) > 0;
    const text = Number(embeddings.hasText[row]) > 0;
    if (modality === 'image' ? image : modality === 'text' ? text : image || text) rows.push(row);
  }
  return Int32Array.from(rows);
}

/** Those rows of a modality's matrix, in that order; without a copy where they are all of them. */
export function gatherRows(embeddings: Embeddings, modality: Modality, rows: Int32Array): Matrix {
  const { count, dimension } = embeddings;
  const source = embeddings[modality];
  if (rows.length === count && rows.every((row, i) => row === i)) {
    return { rows: count, columns: dimension, data: source };
  }
  const data = new Float32Array(rows.length * dimension);
  rows.forEach((row, i) => {
    data.set(source.subarray(row * dimension, (row + 1) * dimension), i * dimension);
  });
  return { rows: rows.length, columns: dimension, data };
}

/**
 * Throws unless the matrices have the sizes that `count` and `dimension` say (code `shape`) and every row whose modality exists is
 * finite (code `numeric`, naming matrix and row).
 */
export function checkEmbeddings(embeddings: Embeddings, name: string, where: string): void {
  const { count, dimension } = embeddings;
  for (const [key, value] of Object.entries({ count, dimension })) {
    if (!Number.isSafeInteger(value) || value < (key === 'dimension' ? 1 : 0)) {
      throw new UniecsError({
        code: 'argument',
        where,
        expected: `${name}.${key} to be a whole number`,
        got: String(value),
        hint: 'pass the number of items and the embedding width',
      });
    }
  }
  for (const key of ['fused', 'image', 'text', 'hasImage', 'hasText'] as const) {
    const length = key === 'hasImage' || key === 'hasText' ? count : count * dimension;
    if (embeddings[key].length !== length) {
      throw new UniecsError({
        code: 'shape',
        where,
        expected: `${name}.${key} to hold ${length} numbers (count ${count}, dimension ${dimension})`,
        got: `${embeddings[key].length}`,
        hint: 'pass row-major matrices and one mask value per item',
      });
    }
  }
  for (const modality of ['fused', 'image', 'text'] as const) {
    const matrix = embeddings[modality];
    for (const row of rowsWith(embeddings, modality)) {
      for (let k = row * dimension; k < (row + 1) * dimension; k++) {
        if (!Number.isFinite(matrix[k])) {
          throw new UniecsError({
            code: 'numeric',
            where,
            expected: `finite numbers in ${name}.${modality}`,
            got: `${matrix[k]} in row ${row}`,
            hint: 'the model that made this embedding has diverged, or the row was never filled',
            details: { matrix: `${name}.${modality}`, row },
          });
        }
      }
    }
  }
}
