import { UniecsError } from '@uniecs/tensor';

/**
 * Vectors of items by id, of any model: one, two or all three of the views, row-major float32 `[N, D]`.
 * Row i of each is of the item `ids[i]`.
 */
export interface ItemVectors {
  readonly ids: readonly string[];
  /** D, the same in all views. */
  readonly dimension: number;
  readonly fused?: Float32Array;
  readonly image?: Float32Array;
  readonly text?: Float32Array;
  /** `[N]`, 1 where there is a vector of the image, else 0; default all ones. */
  readonly hasImage?: ArrayLike<number>;
  /** `[N]`, 1 where there is a vector of the title, else 0; default all ones. */
  readonly hasText?: ArrayLike<number>;
}

/**
 * Throws unless at least one view is there and all have the sizes that `ids` and `dimension` say.
 *
 * @throws UniecsError `argument` without a view or a dimension, `shape` for another size
 */
export function checkItemVectors(vectors: ItemVectors, where: string): void {
  const { ids, dimension } = vectors;
  if (!Number.isSafeInteger(dimension) || dimension < 1) {
    throw new UniecsError({
      code: 'argument',
      where,
      expected: 'dimension to be a whole number from 1',
      got: String(dimension),
      hint: 'pass the embedding width',
    });
  }
  const views = (['fused', 'image', 'text'] as const).filter((view) => vectors[view] !== undefined);
  if (views.length === 0) {
    throw new UniecsError({
      code: 'argument',
      where,
      expected: 'vectors of at least one view: fused, image or text',
      got: 'none',
      hint: 'pass a row-major [N, D] matrix for each view that the model has',
    });
  }
  for (const key of [...views, 'hasImage', 'hasText'] as const) {
    const length = key === 'hasImage' || key === 'hasText' ? ids.length : ids.length * dimension;
    const found = vectors[key]?.length ?? length;
    if (found !== length) {
      throw new UniecsError({
        code: 'shape',
        where,
        expected: `${key} to hold ${length} numbers (${ids.length} ids, dimension ${dimension})`,
        got: `${found}`,
        hint: 'pass one row for each id',
      });
    }
  }
}
