import { createHash } from 'node:crypto';
import { readContent } from '@uniecs/tensor/node';
import sharp from 'sharp';
import type { PictureFingerprint } from '../../data-card/data-card.js';
import { stopIfAborted } from '../../stop-if-aborted.js';
import { thumbnail } from '../catalogue/thumbnail-similarity.js';
import { mostPixels } from '../check-image.js';

/** How pictures are looked at. */
export interface PictureOptions {
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

/** Pictures decoded at a time. */
const concurrency = 8;

/**
 * The fingerprints of pictures, by path. A picture that cannot be decoded has none.
 *
 * @throws UniecsError `interrupted` when the signal fires
 */
export function pictureFingerprints(
  paths: Iterable<string>,
  options: PictureOptions = {},
): Promise<Map<string, PictureFingerprint>> {
  return ofEach(paths, options, async (bytes) => {
    const [width, height] = [9, 8];
    const pixels = await shrunk(bytes, width, height);
    const at = (x: number, y: number, c: number) => pixels[(y * width + x) * 3 + c] as number;
    const grey = (x: number, y: number) => 0.299 * at(x, y, 0) + 0.587 * at(x, y, 1) + 0.114 * at(x, y, 2);
    let hash = 0n;
    for (let y = 0; y < height; y++) {
      for (let x = 0; x + 1 < width; x++) hash = (hash << 1n) | BigInt(grey(x, y) > grey(x + 1, y));
    }
    const colours = Array.from({ length: 12 }, (_, i) => {
      const [left, top, c] = [5 * (Math.floor(i / 3) % 2), 4 * Math.floor(i / 6), i % 3];
      let sum = 0;
      for (let y = top; y < top + 4; y++) for (let x = left; x < left + 4; x++) sum += at(x, y, c);
      return sum / 16;
    });
    return { sha256: createHash('sha256').update(bytes).digest('hex'), hash, colours };
  });
}

/** The 12 x 12 thumbnails of pictures, mean-centred and of length 1, by path: [432]. One that cannot be decoded has none. */
export function pictureThumbnails(
  paths: Iterable<string>,
  options: PictureOptions = {},
): Promise<Map<string, Float32Array>> {
  return ofEach(paths, options, async (bytes) => Float32Array.from(thumbnail(await shrunk(bytes, 12, 12), 12)));
}

function shrunk(bytes: Buffer, width: number, height: number): Promise<Buffer> {
  return sharp(bytes, { limitInputPixels: mostPixels })
    .autoOrient()
    .resize(width, height, { fit: 'fill' })
    .flatten({ background: '#ffffff' })
    .toColourspace('srgb')
    .raw()
    .toBuffer();
}

async function ofEach<T>(
  paths: Iterable<string>,
  { signal, onProgress }: PictureOptions,
  make: (bytes: Buffer) => Promise<T>,
): Promise<Map<string, T>> {
  const distinct = [...new Set(paths)];
  const made = new Array<T | undefined>(distinct.length);
  let [next, done] = [0, 0];
  async function worker(): Promise<void> {
    for (let at = next++; at < distinct.length; at = next++) {
      stopIfAborted(signal, { where: 'pictureFingerprints', expected: 'to look at all pictures' });
      made[at] = await readContent(distinct[at] as string)
        .then(make)
        .catch(() => undefined);
      onProgress?.(++done, distinct.length);
    }
  }
  await Promise.all(Array.from({ length: concurrency }, worker));
  const found = new Map<string, T>();
  for (const [at, path] of distinct.entries()) {
    const value = made[at];
    if (value !== undefined) found.set(path, value);
  }
  return found;
}
