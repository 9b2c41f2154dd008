import type { HostTree } from '@uniecs/compile';
import { normalizePixels, type PixelPreparation } from '@uniecs/encoders/node';
import type { ItemTensors } from '../model/item-tensors.js';
import { cutRows } from './cut-rows.js';
import { float32, type HostItems } from './item-batch.js';

/** Which rows of a batch are fed. */
export interface FedRows {
  /** Default 0. */
  readonly start?: number;
  /** n; default up to the end. Rows beyond the end are the batch's first row again, whose results nobody reads. */
  readonly count?: number;
}

/** Rows of a batch as a compiled function takes them; their pixels hold until the next call of the same feeder. */
export type ItemFeeder = (items: HostItems, rows?: FedRows) => HostTree<ItemTensors>;

/**
 * Makes tensors of rows of batches: pixels float32 [n, S, S, 3], normalised as `normalizePixels` does with a model's mean and deviation
 * (default CLIP's), the other arrays cut.
 *
 * All calls write into one array, so that a large batch that is fed in parts never stands in memory as floats.
 */
export function itemFeeder(preparation?: Pick<PixelPreparation, 'mean' | 'std'>): ItemFeeder {
  let buffer = new Float32Array(0);
  return ({ pixels, ids, mask, hasImage, hasText }, rows = {}) => {
    const [total, height, width, channels] = pixels.shape;
    const { start = 0, count = total - start } = rows;
    const rowSize = height * width * channels;
    if (buffer.length < count * rowSize) buffer = new Float32Array(count * rowSize);
    const fed = buffer.subarray(0, count * rowSize);
    const there = pixels.data.subarray(start * rowSize, (start + count) * rowSize);
    normalizePixels(there, { ...preparation, into: fed.subarray(0, there.length) });
    if (there.length < fed.length) {
      const first = normalizePixels(pixels.data.subarray(0, rowSize), preparation);
      for (let at = there.length; at < fed.length; at += rowSize) fed.set(first, at);
    }
    const cut = { start, count, beyond: 'first' } as const;
    return {
      pixels: float32(fed, count, height, width, channels),
      ids: cutRows(ids, cut),
      mask: cutRows(mask, cut),
      ...(hasImage ? { hasImage: cutRows(hasImage, cut) } : {}),
      ...(hasText ? { hasText: cutRows(hasText, cut) } : {}),
    };
  };
}
