import type { HostTensor } from '@uniecs/compile';
import { type ImageCache, normalizePixels, type TitleTokenizer } from '@uniecs/encoders/node';
import type { Item } from '@uniecs/mbeer';
import { UniecsError } from '@uniecs/tensor';

/** A batch of items as host arrays; the fields of `ItemTensors`. */
export interface HostItems {
  readonly pixels: HostTensor;
  readonly ids: HostTensor;
  readonly mask: HostTensor;
  readonly hasImage?: HostTensor;
  readonly hasText?: HostTensor;
}

/** What turns items into arrays. */
export interface ItemLoader {
  readonly tokenizer: TitleTokenizer;
  readonly images: ImageCache;
  /** Side of the images, S. */
  readonly imageSize: number;
  /** Tokens of a title, L. */
  readonly maxLength: number;
}

/** A float32 host tensor. */
export function float32(data: Float32Array, ...shape: number[]): HostTensor {
  return { dtype: 'float32', shape, data };
}

/** An int32 host tensor. */
export function int32(data: Int32Array, ...shape: number[]): HostTensor {
  return { dtype: 'int32', shape, data };
}

/** How a batch is made from items. */
export interface ItemBatchOptions {
  /** Whether the masks of missing modalities are part of the batch; without them every item must have both. */
  readonly partial: boolean;
  /** Changes the decoded pixels of a row before they are normalised (augmentation). */
  readonly transform?: (pixels: Uint8Array, item: Item) => Uint8Array;
}

/**
 * Decodes, transforms and normalises the images of a batch and encodes its titles. Rows without an item (undefined) are padding,
 * whose vectors nobody reads.
 *
 * @throws UniecsError `data` for an item with neither title nor image, and as the decoder does
 */
export async function itemBatch(
  items: readonly (Item | undefined)[],
  { tokenizer, images, imageSize, maxLength }: ItemLoader,
  { partial, transform }: ItemBatchOptions,
): Promise<HostItems> {
  const rows = items.length;
  const rowSize = imageSize * imageSize * 3;
  const pixels = new Float32Array(rows * rowSize);
  for (const item of items) if (item) checkItem(item);
  const decoded = await Promise.all(
    items.map((item) => (item?.image === undefined ? undefined : images.get(item.image))),
  );
  decoded.forEach((raw, row) => {
    if (!raw) return;
    const transformed = transform ? transform(raw, items[row] as Item) : raw;
    normalizePixels(transformed, { into: pixels.subarray(row * rowSize, (row + 1) * rowSize) });
  });
  const titles = tokenizer.encodeBatch(
    items.map((item) => item?.title),
    maxLength,
  );
  // A row of padding keeps one token, so that its (unread) means stay finite.
  items.forEach((item, row) => {
    if (!item) titles.mask[row * maxLength] = 1;
  });
  const batch = {
    pixels: float32(pixels, rows, imageSize, imageSize, 3),
    ids: int32(titles.ids, rows, maxLength),
    mask: float32(titles.mask, rows, maxLength),
  };
  if (!partial) return batch;
  const has = (field: 'image' | 'title') =>
    Float32Array.from(items, (item) => Number(!item || item[field] !== undefined));
  return { ...batch, hasImage: float32(has('image'), rows), hasText: float32(has('title'), rows) };
}

/** Whether any of the items lacks a modality, so that batches need masks. */
export function anyPartial(items: Iterable<Item>): boolean {
  for (const { title, image } of items) if (title === undefined || image === undefined) return true;
  return false;
}

function checkItem({ id, title, image }: Item): void {
  if (title !== undefined || image !== undefined) return;
  throw new UniecsError({
    code: 'data',
    where: 'itemBatch',
    expected: 'an item with a title, an image or both',
    got: `item '${id}' with neither`,
    hint: 'give it one of them or leave it out',
    details: { id },
  });
}
