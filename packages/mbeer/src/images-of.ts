import type { Item } from './items.js';

/** All pictures of an item, the first one first; none where it lacks that modality. */
export function imagesOf({ image, moreImages = [] }: Item): readonly string[] {
  return image === undefined ? [] : [image, ...moreImages];
}

/** An item with other pictures: those of a list, of which none makes it an item without that modality. */
export function withImages({ image: _, moreImages: __, ...rest }: Item, images: readonly string[]): Item {
  const [image, ...moreImages] = images;
  if (image === undefined) return rest;
  return { ...rest, image, ...(moreImages.length === 0 ? {} : { moreImages }) };
}
