import sharp from 'sharp';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { decodeImage } from './decode-image.js';
import { decodeInBrowser } from './decode-in-browser.js';

afterEach(() => vi.unstubAllGlobals());

/** What of a browser is needed, over sharp: a bitmap keeps its alpha, a canvas paints it on what is there. */
function browser(fails?: Error) {
  const closed: boolean[] = [];
  const asked: object[] = [];
  class OffscreenCanvas {
    private readonly data: Uint8ClampedArray;
    constructor(
      readonly width: number,
      readonly height: number,
    ) {
      this.data = new Uint8ClampedArray(width * height * 4);
    }
    getContext() {
      return {
        fillStyle: '',
        fillRect: () => void this.data.fill(255),
        drawImage: (bitmap: { rgba: Uint8Array }) => {
          for (let i = 0; i < this.data.length; i += 4) {
            const alpha = (bitmap.rgba[i + 3] as number) / 255;
            for (let c = i; c < i + 3; c++) {
              this.data[c] = (bitmap.rgba[c] as number) * alpha + (this.data[c] as number) * (1 - alpha);
            }
          }
        },
        getImageData: () => ({ data: this.data }),
      };
    }
  }
  vi.stubGlobal('OffscreenCanvas', OffscreenCanvas);
  vi.stubGlobal('createImageBitmap', async (bytes: Buffer, options: object) => {
    asked.push(options);
    if (fails) throw fails;
    const { data, info } = await sharp(bytes).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
    return { width: info.width, height: info.height, rgba: data, close: () => closed.push(true) };
  });
  return { closed, asked };
}

const picture = (channels: 3 | 4 = 3) =>
  sharp(Buffer.from(Array.from({ length: 13 * 7 * channels }, (_, i) => (i * i * 37) % 256)), {
    raw: { width: 13, height: 7, channels },
  })
    .png()
    .toBuffer();

describe('decodeInBrowser', () => {
  it.each(['fill', 'cover', 'contain'] as const)(
    'gives the bytes of decodeImage with the same filter: %s',
    async (fit) => {
      const { closed, asked } = browser();
      const bytes = await picture();
      for (const filter of ['bicubic', 'bilinear', 'lanczos'] as const) {
        const expected = await decodeImage(bytes, 11, { fit, filter });
        expect(await decodeInBrowser(bytes, 11, { fit, filter })).toEqual(expected);
      }
      expect(closed).toHaveLength(3);
      expect(asked[0]).toEqual({
        imageOrientation: 'from-image',
        premultiplyAlpha: 'none',
        colorSpaceConversion: 'default',
      });
    },
  );

  it('paints transparent parts on white, and scales by lanczos unless told otherwise', async () => {
    browser();
    const bytes = await picture(4);
    const found = await decodeInBrowser(bytes, 5);
    const expected = await decodeImage(bytes, 5, { filter: 'lanczos' });
    found.forEach((value, i) => void expect(Math.abs(value - (expected[i] as number))).toBeLessThanOrEqual(2));
  });

  it('says what it cannot do: elsewhere, damaged, too large, no size', async () => {
    const bytes = await picture();
    await expect(decodeInBrowser(bytes, 5)).rejects.toMatchObject({ code: 'unavailable' });
    browser(new Error('The source image could not be decoded.'));
    await expect(decodeInBrowser(bytes, 5)).rejects.toMatchObject({
      code: 'data',
      got: expect.stringContaining('could not be decoded'),
    });
    const { closed } = browser();
    vi.stubGlobal('createImageBitmap', async () => ({ width: 5001, height: 5000, close: () => closed.push(true) }));
    await expect(decodeInBrowser(bytes, 5)).rejects.toMatchObject({
      code: 'data',
      got: expect.stringContaining('5001 x 5000'),
    });
    expect(closed).toHaveLength(1);
    for (const size of [0, 1.5, Number.NaN]) {
      await expect(decodeInBrowser(bytes, size)).rejects.toMatchObject({ code: 'argument' });
    }
  });
});
