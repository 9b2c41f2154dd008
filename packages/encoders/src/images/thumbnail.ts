import { UniecsError } from '@uniecs/tensor';
import sharp from 'sharp';
import { checkHeader, maxImagePixels, readImage, undecodable } from './decode-image.js';

/**
 * `thumbnail` as an address that holds it (`data:`), for a page that loads nothing.
 *
 * @throws UniecsError as `thumbnail`
 */
export async function thumbnailAddress(path: string, side: number): Promise<string> {
  return `data:image/jpeg;base64,${Buffer.from(await thumbnail(path, side)).toString('base64')}`;
}

/**
 * A small JPEG of an image file, for a page: upright, its longer side at most `side` pixels, never enlarged, transparent parts on white.
 *
 * @param path of a JPEG, PNG, WebP, GIF, TIFF or AVIF file
 * @param side longest side in pixels, from 1
 * @throws UniecsError `data` as `decodeImage`, `argument` for a side that is no positive whole number
 */
export async function thumbnail(path: string, side: number): Promise<Uint8Array> {
  if (!Number.isInteger(side) || side < 1) {
    throw new UniecsError({
      code: 'argument',
      where: 'thumbnail',
      expected: 'side to be a positive whole number',
      got: `${side}`,
      hint: '96 suits a page',
    });
  }
  try {
    const image = sharp(await readImage(path), { failOn: 'error', limitInputPixels: maxImagePixels });
    checkHeader(await image.metadata());
    return await image
      .autoOrient()
      .resize(side, side, { fit: 'inside', withoutEnlargement: true })
      .flatten({ background: '#ffffff' })
      .toColourspace('srgb')
      .jpeg({ quality: 75 })
      .toBuffer();
  } catch (cause) {
    throw undecodable(path, cause);
  }
}
