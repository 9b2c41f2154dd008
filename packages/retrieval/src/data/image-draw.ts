import { type Item, imagesOf, withImages } from '@uniecs/mbeer';
import { seededRandom } from '@uniecs/tensor';

/** An item as it comes in a step: with one of its images, drawn from the seed by item and step; as it is where it has no further ones. */
export function imageDraw(seed: number): (item: Item, step: number) => Item {
  const random = seededRandom(seed).fork('image of several');
  return (item, step) => {
    const images = imagesOf(item);
    if (images.length < 2) return item;
    return withImages(item, [images[random.fork(step).fork(item.id).integer(images.length)] as string]);
  };
}
