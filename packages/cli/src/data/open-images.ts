import { join } from 'node:path';
import { type ImageSource, imageSource } from '@uniecs/encoders/node';
import { defaultDataWorkers, type ImageForm } from '@uniecs/retrieval';
import { UniecsError } from '@uniecs/tensor';
import { cacheFolder } from './cache-folder.js';

/** How a command reads images. */
export interface OpenImagesOptions extends ImageForm {
  /** The flag `--image-cache`: a folder or `off`; default the user's cache folder. */
  readonly imageCache?: string | undefined;
  /** Threads; default `defaultDataWorkers`. */
  readonly dataWorkers?: number | undefined;
  /** Is told where the default folder cannot be used. */
  readonly note: (text: string) => void;
}

/** Where decoded images are kept unless the user says otherwise: `uniecs/images` in the folder that the system has for caches. */
export function defaultImageCache(environment: NodeJS.ProcessEnv = process.env): string {
  return join(cacheFolder(environment), 'images');
}

/** Where token features of frozen encoders are kept unless the user says otherwise: `uniecs/features` beside them. */
export function defaultFeatureCache(environment: NodeJS.ProcessEnv = process.env): string {
  return join(cacheFolder(environment), 'features');
}

/**
 * The source of a command's images.
 *
 * @throws UniecsError `file` where the folder that was asked for cannot be used; a default one is done without, and noted
 */
export function openImages({ imageCache, dataWorkers, note, ...form }: OpenImagesOptions): ImageSource {
  const workers = dataWorkers ?? defaultDataWorkers();
  if (imageCache === 'off') return imageSource({ ...form, workers });
  try {
    return imageSource({ ...form, workers, folder: imageCache ?? defaultImageCache() });
  } catch (error) {
    if (imageCache !== undefined || !UniecsError.isInstance(error) || error.code !== 'file') throw error;
    note(`decoded images are not kept for later runs: ${error.got} (--image-cache names another folder)`);
    return imageSource({ ...form, workers });
  }
}
