import { type FileHandle, open, stat } from 'node:fs/promises';
import { UniecsError } from '@uniecs/tensor';
import { filePartOf, readContent } from '@uniecs/tensor/node';
import sharp, { type Metadata, type Sharp } from 'sharp';
import type { ResampleFilter, RgbImage } from './resample.js';
import { squareImage } from './square-image.js';

/** Images of more pixels are refused from their header: 25 million. */
export const maxImagePixels = 25_000_000;

/** Files of more bytes are refused before they are read: 25 million pixels of 16 bits with alpha, uncompressed. */
export const maxImageBytes = maxImagePixels * 8;

/** Changes with the pixels that this file makes of the same content: what was stored before is decoded anew then. */
export const decodeRevision = 1;

/** A name of what this decoder makes of a file's content: another name may mean other pixels. */
export function decoderName({ fit = 'fill', filter }: Pick<DecodeOptions, 'fit' | 'filter'> = {}): string {
  const { sharp: library, vips } = sharp.versions;
  const form = filter ? `${fit}-${filter}` : fit;
  return `${form}-${decodeRevision}-sharp-${library}-vips-${vips}`;
}

/** What is decoded: pictures made of pixels. (A vector image may refer to other files and has no size of its own.) */
const formats = new Set(['jpeg', 'png', 'webp', 'gif', 'tiff', 'heif', 'avif']);

/** How an image that is not square becomes one. */
export interface DecodeOptions {
  /**
   * `fill` (default) stretches it, so that all pixels carry the product; `cover` cuts the longer side; `contain` adds white.
   */
  readonly fit?: 'fill' | 'cover' | 'contain';
  /**
   * Scales the whole picture with Pillow's filter of this name, to the bit (CLIP's preprocessing: `cover` with `bicubic`). Default sharp's
   * own Lanczos-3, which is quicker: a large JPEG is decoded at a fraction of its size.
   */
  readonly filter?: ResampleFilter | undefined;
  /** What errors call a source that is given by its content; default its path, or `bytes`. */
  readonly name?: string;
}

/**
 * Decodes an image file and resizes it to a square.
 *
 * Turned upright as its EXIF data say, transparent parts on white, colours converted to sRGB; of an animation the first frame.
 *
 * @param source the path of a JPEG, PNG, WebP, GIF, TIFF or AVIF file, or its content
 * @param size side of the result, S
 * @returns RGB, interleaved, [S, S, 3], 0 to 255
 * @throws UniecsError `data` with path and reason for a file that is missing, unreadable, damaged, truncated, of another kind
 *   or of more than 25 million pixels; `argument` for a size that is no positive whole number
 */
export async function decodeImage(
  source: string | Uint8Array,
  size: number,
  options: DecodeOptions = {},
): Promise<Uint8Array> {
  if (!Number.isInteger(size) || size < 1) {
    throw new UniecsError({
      code: 'argument',
      where: 'decodeImage',
      expected: 'size to be a positive whole number',
      got: `${size}`,
      hint: "pass the encoder's imageSize",
    });
  }
  const path = options.name ?? (typeof source === 'string' ? source : undefined);
  try {
    const bytes = typeof source === 'string' ? await readImage(source) : source;
    const image = sharp(bytes, { failOn: 'error', limitInputPixels: maxImagePixels });
    checkHeader(await image.metadata());
    const { fit = 'fill', filter } = options;
    const upright = image.autoOrient();
    if (filter) return squareImage(await rgbOf(upright), size, fit, filter);
    return (await rgbOf(upright.resize(size, size, { fit, background: '#ffffff' }))).pixels;
  } catch (cause) {
    throw undecodable(path, cause);
  }
}

async function rgbOf(image: Sharp): Promise<RgbImage> {
  const { data, info } = await image
    .flatten({ background: '#ffffff' })
    .toColourspace('srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  const { width, height, channels } = info;
  if (channels !== 3) throw new Error(`decoded to ${channels} channels instead of 3`);
  return { width, height, pixels: new Uint8Array(data.buffer, data.byteOffset, data.byteLength) };
}

/** Throws for a format or a size that is refused. */
export function checkHeader({ format, width, height }: Metadata): void {
  if (!formats.has(format)) throw new Error(`format ${format} is not supported`);
  if (width * height > maxImagePixels) {
    throw new Error(`${width} x ${height} pixels are more than ${maxImagePixels / 1e6} million`);
  }
}

/**
 * The content of an image file, or of a part of one (`partAddress` of `@uniecs/tensor/node`).
 *
 * @throws UniecsError `data` with path and reason for a file that is missing, unreadable or too large to be one of 25 million pixels
 */
export async function readImage(path: string): Promise<Uint8Array> {
  let file: FileHandle | undefined;
  try {
    const part = filePartOf(path);
    if (part) {
      if (part.size > maxImageBytes) throw new Error(`${part.size} bytes are more than ${maxImageBytes}`);
      return await readContent(path);
    }
    // Asked before it is opened: a pipe would keep the thread that opens it until somebody writes.
    if (!(await stat(path)).isFile()) throw new Error('not a file');
    file = await open(path, 'r');
    const { size } = await file.stat();
    if (size > maxImageBytes) throw new Error(`${size} bytes are more than ${maxImageBytes}`);
    return await file.readFile();
  } catch (cause) {
    throw undecodable(path, cause);
  } finally {
    await file?.close();
  }
}

/** The error of an image that cannot be decoded. */
export function undecodable(path: string | undefined, cause: unknown): UniecsError {
  if (UniecsError.isInstance(cause)) return cause;
  const reason = (cause instanceof Error ? cause.message : String(cause)).trim().replace(/\s*\n\s*/g, '; ');
  return new UniecsError({
    code: 'data',
    where: 'decodeImage',
    expected: 'a readable JPEG, PNG, WebP, GIF, TIFF or AVIF image',
    got: `${path ?? 'bytes'}: ${reason}`,
    hint: 'replace the file or remove the item',
    details: { path, reason },
    cause,
  });
}
