import { type Item, imagesOf, withImages } from '@uniecs/mbeer';

/** Items by their single images. */
export interface SingleImages {
  /** An item for each image of an item, and the item itself where it has one or none. */
  readonly items: readonly Item[];
  /** The first row of each of the N items, and the end: `[N + 1]`. */
  readonly starts: readonly number[];
}

/** Items, one for each image. */
export function singleImages(whole: readonly Item[]): SingleImages {
  const items: Item[] = [];
  const starts = [0];
  for (const item of whole) {
    const images = imagesOf(item);
    if (images.length < 2) items.push(item);
    else for (const image of images) items.push(withImages(item, [image]));
    starts.push(items.length);
  }
  return { items, starts };
}

/**
 * The embedding of an item with several images: the mean of those with each of its images, `sum_k e_k / |sum_k e_k|`, `[N, D]` of `[M, D]`. A
 * row that is alone stays as it is.
 *
 * @param data `[M, D]`, L2-normalised
 */
export function meanRows(data: Float32Array, { starts }: SingleImages, dimension: number): Float32Array {
  const count = starts.length - 1;
  if (starts[count] === count) return data;
  const out = new Float32Array(count * dimension);
  const sums = new Float64Array(dimension);
  for (let i = 0; i < count; i++) {
    const [start, end] = starts.slice(i, i + 2) as [number, number];
    if (end === start + 1) {
      out.set(data.subarray(start * dimension, end * dimension), i * dimension);
      continue;
    }
    sums.fill(0);
    for (let row = start; row < end; row++) {
      for (let k = 0; k < dimension; k++) sums[k] = (sums[k] as number) + (data[row * dimension + k] as number);
    }
    const norm = Math.max(Math.hypot(...sums), 1e-12);
    for (let k = 0; k < dimension; k++) out[i * dimension + k] = (sums[k] as number) / norm;
  }
  return out;
}

/** How many of the items are done once so many rows are. */
export function itemsDone({ starts }: SingleImages, rows: number): number {
  let [low, high] = [0, starts.length - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] as number) <= rows) low = middle;
    else high = middle - 1;
  }
  return low;
}
