import type { HostTensor } from '@uniecs/compile';
import type { ImageSource, RowAugmentation, TitleTokenizer } from '@uniecs/encoders/node';
import type { Item } from '@uniecs/mbeer';
import { UniecsError } from '@uniecs/tensor';

/** Images as they were decoded: RGB, 0 to 255, a quarter of their size as floats. */
export interface HostPixels {
  readonly dtype: 'uint8';
  /** [B, S, S, 3]. */
  readonly shape: readonly [number, number, number, number];
  readonly data: Uint8Array;
}

/** A batch of items as host arrays; the fields of `ItemTensors`, which `feedItems` makes of it. */
export interface HostItems {
  readonly pixels: HostPixels;
  readonly ids: HostTensor;
  readonly mask: HostTensor;
  readonly hasImage?: HostTensor;
  readonly hasText?: HostTensor;
}

/** What turns items into arrays. */
export interface ItemLoader {
  readonly tokenizer: TitleTokenizer;
  readonly images: ImageSource;
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
  /** Tokens of a title, L; default the loader's `maxLength`. */
  readonly length?: number | undefined;
  /** How images are augmented, each by a stream of its item; default not at all. */
  readonly augment?: Omit<RowAugmentation, 'ids'> | undefined;
  /** Takes the pixels: at least those of the batch, from `images.pixels`. Default new memory. */
  readonly into?: Uint8Array | undefined;
}

/**
 * Reads the images of a batch and encodes its titles. Rows without an item (undefined) are padding, whose vectors nobody reads. A row
 * without an image is black.
 *
 * @throws UniecsError `data` for an item with neither title nor image, and as `ImageSource.fill` does
 */
export async function itemBatch(
  items: readonly (Item | undefined)[],
  { tokenizer, images, maxLength }: ItemLoader,
  { partial, augment, into, length = maxLength }: ItemBatchOptions,
): Promise<HostItems> {
  const rows = items.length;
  const { size } = images;
  for (const item of items) if (item) checkItem(item);
  const pixels = into ? into.subarray(0, rows * size * size * 3) : images.pixels(rows);
  const ids = items.map((item) => item?.id ?? '');
  const titlesOf = async () => {
    const given = items.map((item) => item?.title);
    return tokenizer.encodeBatch(given, length);
  };
  const paths = items.map((item) => item?.image);
  // The threads read images while this one encodes titles.
  const [, titles] = await Promise.all([
    images.fill({ paths, augment: augment && { ...augment, ids } }, pixels),
    titlesOf(),
  ]);
  // A row of padding keeps one token, so that its (unread) means stay finite.
  items.forEach((item, row) => {
    if (!item) titles.mask[row * length] = 1;
  });
  const batch: HostItems = {
    pixels: { dtype: 'uint8', shape: [rows, size, size, 3], data: pixels },
    ids: int32(titles.ids, rows, length),
    mask: float32(titles.mask, rows, length),
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

/** @throws UniecsError `data` for an item with neither title nor image */
export function checkItem({ id, title, image }: Item): void {
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
