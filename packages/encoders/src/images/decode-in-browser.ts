import { UniecsError } from '@uniecs/tensor';
import type { ResampleFilter, RgbImage } from './resample.js';
import { squareImage } from './square-image.js';

/** How a picture is made square. */
export interface BrowserImageOptions {
  /** `fill` stretches, `cover` cuts the middle out, `contain` fills up with white; default `fill`. */
  readonly fit?: 'fill' | 'cover' | 'contain';
  /**
   * As Pillow computes it; default `lanczos`, which comes nearest to what Node scales with where a model names no filter (sharp's own). With a
   * filter that the model names, as imported CLIP models do, Node and browser scale alike to the bit.
   */
  readonly filter?: ResampleFilter;
}

/** Most pixels of a picture: 25 million, as in Node. */
const mostPixels = 25e6;
const where = 'decodeInBrowser';

/** What of a browser is used; its types are not those of this package's programs. */
interface Bitmap {
  readonly width: number;
  readonly height: number;
  close(): void;
}
interface Canvas {
  getContext(
    kind: '2d',
    options: object,
  ): {
    fillStyle: string;
    fillRect(x: number, y: number, width: number, height: number): void;
    drawImage(bitmap: Bitmap, x: number, y: number): void;
    getImageData(x: number, y: number, width: number, height: number): { readonly data: Uint8ClampedArray };
  } | null;
}
interface Browser {
  readonly createImageBitmap?: (source: object, options: object) => Promise<Bitmap>;
  readonly OffscreenCanvas?: new (width: number, height: number) => Canvas;
}

/**
 * `decodeImage` of `@uniecs/encoders/node` in a browser: a picture as an encoder's square of bytes, decoded by the browser (`createImageBitmap`,
 * `OffscreenCanvas`), upright, transparent parts on white, sRGB; also in a worker.
 *
 * @param source a `Blob` or `File` of any kind of picture that the browser decodes
 * @param size side of the result, S
 * @returns RGB, interleaved, [S, S, 3], 0 to 255
 * @throws UniecsError `unavailable` outside a browser, `data` for a picture that it does not decode or of more than 25 million pixels,
 *   `argument` for a size that is no positive whole number
 */
export async function decodeInBrowser(
  source: object,
  size: number,
  { fit = 'fill', filter = 'lanczos' }: BrowserImageOptions = {},
): Promise<Uint8Array> {
  if (!Number.isInteger(size) || size < 1) {
    const hint = "pass the encoder's imageSize";
    throw new UniecsError({
      code: 'argument',
      where,
      expected: 'size to be a positive whole number',
      got: `${size}`,
      hint,
    });
  }
  return squareImage(await pixelsOf(source), size, fit, filter);
}

async function pixelsOf(source: object): Promise<RgbImage> {
  const { createImageBitmap, OffscreenCanvas } = globalThis as Browser;
  if (!createImageBitmap || !OffscreenCanvas) {
    throw new UniecsError({
      ...{ code: 'unavailable', where, expected: 'a browser with createImageBitmap and OffscreenCanvas' },
      ...{ got: 'none', hint: 'use decodeImage of @uniecs/encoders/node in Node' },
    });
  }
  const options = { imageOrientation: 'from-image', premultiplyAlpha: 'none', colorSpaceConversion: 'default' };
  const bitmap = await createImageBitmap(source, options).catch((cause: unknown) => {
    throw undecodable(cause instanceof Error ? cause.message : String(cause), cause);
  });
  try {
    const { width, height } = bitmap;
    if (width * height > mostPixels) {
      throw undecodable(`${width} x ${height} pixels, more than ${mostPixels / 1e6} million`);
    }
    const context = new OffscreenCanvas(width, height).getContext('2d', {
      colorSpace: 'srgb',
      willReadFrequently: true,
    });
    if (!context) throw undecodable('no 2d context for it');
    context.fillStyle = '#ffffff';
    context.fillRect(0, 0, width, height);
    context.drawImage(bitmap, 0, 0);
    return { width, height, pixels: withoutAlpha(context.getImageData(0, 0, width, height).data) };
  } finally {
    bitmap.close();
  }
}

function withoutAlpha(rgba: Uint8ClampedArray): Uint8Array {
  const pixels = new Uint8Array((rgba.length / 4) * 3);
  for (let from = 0, to = 0; from < rgba.length; from += 4, to += 3) {
    pixels[to] = rgba[from] as number;
    pixels[to + 1] = rgba[from + 1] as number;
    pixels[to + 2] = rgba[from + 2] as number;
  }
  return pixels;
}

function undecodable(got: string, cause?: unknown): UniecsError {
  const expected = 'a picture that the browser decodes, of at most 25 million pixels';
  const hint = 'choose another picture';
  return new UniecsError({ code: 'data', where, expected, got, hint, ...(cause === undefined ? {} : { cause }) });
}
