import { type Item, imagesOf } from '@uniecs/mbeer';

/** What a digest takes of an item: id, title, and whether it has an image, or how many where there are several. */
export function itemMark(item: Item): readonly unknown[] {
  const { length } = imagesOf(item);
  return [item.id, item.title ?? null, length > 1 ? length : length === 1];
}
