import { UniecsError } from '@uniecs/tensor';
import { type AugmentOptions, augmentationRandom, augmentImage } from './augment-image.js';
import type { ImageCache } from './image-cache.js';

/** What the augmentation of each image is a function of (`augmentationRandom`). */
export interface RowAugmentation {
  readonly seed: number | string;
  readonly step: number;
  /** Ids of the items, as many as there are images. */
  readonly ids: readonly string[];
  readonly options: AugmentOptions;
}

/** Images to read, and where their pixels go. */
export interface FillRequest {
  /** Image files. */
  readonly paths: readonly string[];
  /** Side of the images, S. */
  readonly size: number;
  /** How they are augmented; default not at all. */
  readonly augment?: RowAugmentation | undefined;
  /** `3 S²` bytes an image; default nowhere: the images are only read, so that the cache holds them. */
  readonly targets?: readonly Uint8Array[] | undefined;
}

/** An image that could not be read. */
export interface FillFailure {
  /** Its place among the paths. */
  readonly at: number;
  readonly error: UniecsError;
}

/**
 * Writes the pixels of images, decoded or from the cache, then augmented: a pure function of request and files.
 *
 * @returns the images that could not be read, in the order of the paths
 */
export async function fillImages(images: ImageCache, request: FillRequest): Promise<FillFailure[]> {
  const { paths, size, augment, targets } = request;
  const failures: FillFailure[] = [];
  async function fill(path: string, at: number): Promise<void> {
    const pixels = await images.get(path);
    const into = targets?.[at];
    if (!into) return;
    if (!augment) return into.set(pixels);
    const { seed, ids, step, options } = augment;
    augmentImage(pixels, size, augmentationRandom(seed, ids[at] as string, step), { ...options, into });
  }
  await Promise.all(
    paths.map((path, at) =>
      fill(path, at).catch((error: unknown) => {
        if (!UniecsError.isInstance(error)) throw error;
        failures.push({ at, error });
      }),
    ),
  );
  return failures.sort((a, b) => a.at - b.at);
}
