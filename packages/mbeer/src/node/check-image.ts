import { realpath, stat } from 'node:fs/promises';
import { isAbsolute, relative, sep } from 'node:path';
import { filePartOf, readContent } from '@uniecs/tensor/node';
import sharp from 'sharp';

/** Largest picture that is decoded, in pixels: 25 million. */
export const mostPixels = 25_000_000;
/** Largest picture file that is opened, in bytes. */
const mostBytes = 1 << 28;

/** As strict as the decoder that a model's pictures go through (`decodeImage` of `@uniecs/encoders`), so that both say the same. */
const failOn = 'error';

const formats: ReadonlySet<string | undefined> = new Set(['jpeg', 'png', 'webp', 'gif', 'heif', 'avif', 'tiff']);

/**
 * Why a file cannot be a picture of the data, or undefined: no such file, not a file, too large, outside `realDirectory` through a
 * symbolic link. It is not opened.
 *
 * @param path absolute path
 * @param realDirectory the images folder with its own symbolic links resolved
 */
export async function checkImageFile(path: string, realDirectory: string): Promise<string | undefined> {
  const part = filePartOf(path);
  if (part) return part.size > mostBytes ? `image file is larger than ${mostBytes} bytes: ${path}` : undefined;
  try {
    const inside = relative(realDirectory, await realpath(path));
    if (isAbsolute(inside) || inside === '..' || inside.startsWith(`..${sep}`)) {
      return `image leaves the images folder through a symbolic link: ${path}`;
    }
    const found = await stat(path);
    if (!found.isFile()) return `image is not a file: ${path}`;
    if (found.size > mostBytes) return `image file is larger than ${mostBytes} bytes: ${path}`;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    return code === 'ENOENT' || code === 'ENOTDIR' ? `image is missing: ${path}` : unreadable(path, error);
  }
  return undefined;
}

/**
 * Why a file is no picture that can be used, or undefined where it is: of another kind, more than 25 million pixels (read from its
 * header; it is not decoded then), damaged or cut off (it is decoded wholly).
 */
export async function checkImageContent(path: string): Promise<string | undefined> {
  try {
    // From memory: given a path, libvips may answer from its cache of an earlier file of that name.
    const bytes = await readContent(path);
    const { format, width, height } = await sharp(bytes, { failOn, limitInputPixels: false }).metadata();
    if (!formats.has(format)) return `image is ${format}, not JPEG, PNG, WebP, GIF, AVIF or TIFF: ${path}`;
    if (width * height > mostPixels) {
      return `image has ${width} x ${height} pixels, more than ${mostPixels / 1e6} million: ${path}`;
    }
    const picture = sharp(bytes, { failOn, limitInputPixels: mostPixels });
    // Shrinking keeps a large picture out of memory; for a small one it costs twice the decoding.
    await (width * height > 1e6 ? picture.resize(8, 8, { fit: 'fill' }) : picture).raw().toBuffer();
    return undefined;
  } catch (error) {
    return unreadable(path, error);
  }
}

/** The reason that an error gives, as a problem of the data. */
export function unreadable(path: string, error: unknown): string {
  const why = (error instanceof Error ? error.message : String(error)).split('\n', 1)[0];
  return `image is unreadable (${why}): ${path}`;
}
