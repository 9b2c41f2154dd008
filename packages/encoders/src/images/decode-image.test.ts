import { execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom, UniecsError } from '@uniecs/tensor';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeImage } from './decode-image.js';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'uniecs-images-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** 24 x 16: left half red, right half blue. */
function halves() {
  const raw = Buffer.alloc(24 * 16 * 3);
  for (let i = 0; i < 24 * 16; i++) raw[i * 3 + (i % 24 < 12 ? 0 : 2)] = 255;
  return sharp(raw, { raw: { width: 24, height: 16, channels: 3 } });
}

/** 40 x 30 noise, which no codec makes short. */
function noise() {
  const random = seededRandom('noise');
  const raw = Buffer.from(Uint8Array.from({ length: 40 * 30 * 3 }, () => random.integer(256)));
  return sharp(raw, { raw: { width: 40, height: 30, channels: 3 } });
}

const pixel = (pixels: Uint8Array, size: number, x: number, y: number) => [
  ...pixels.subarray((y * size + x) * 3, (y * size + x) * 3 + 3),
];

function expectNear(actual: number[], expected: number[], tolerance = 6) {
  expect(actual.map((v, i) => (Math.abs(v - (expected[i] as number)) <= tolerance ? expected[i] : v))).toEqual(
    expected,
  );
}

async function failure(source: string | Uint8Array): Promise<UniecsError> {
  const error: unknown = await decodeImage(source, 8).then(
    () => undefined,
    (reason) => reason,
  );
  if (!UniecsError.isInstance(error)) throw new Error(`no UniecsError but ${error}`);
  return error;
}

/** A PNG whose header claims another size; its checksum is right. */
async function bomb(width: number, height: number): Promise<Buffer> {
  const png = await halves().png().toBuffer();
  png.writeUInt32BE(width, 16);
  png.writeUInt32BE(height, 20);
  let crc = 0xffffffff;
  for (const byte of png.subarray(12, 29)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  png.writeUInt32BE((crc ^ 0xffffffff) >>> 0, 29);
  return png;
}

describe('decodeImage', () => {
  it.each(['png', 'jpeg', 'webp', 'gif', 'tiff', 'avif'] as const)(
    'decodes %s to exactly S x S x 3',
    async (format) => {
      const path = join(folder, `halves.${format}`);
      await writeFile(path, await halves().toFormat(format).toBuffer());
      const pixels = await decodeImage(path, 10);
      expect(pixels).toHaveLength(300);
      expectNear(pixel(pixels, 10, 1, 5), [255, 0, 0], 12);
      expectNear(pixel(pixels, 10, 8, 5), [0, 0, 255], 12);
    },
  );

  it('a path and its content give the same pixels', async () => {
    const bytes = await halves().png().toBuffer();
    await writeFile(join(folder, 'same.png'), bytes);
    expect(await decodeImage(join(folder, 'same.png'), 7)).toEqual(await decodeImage(bytes, 7));
  });

  it('puts transparent parts on white', async () => {
    const clear = sharp({ create: { width: 9, height: 9, channels: 4, background: { r: 0, g: 0, b: 0, alpha: 0 } } });
    const pixels = await decodeImage(await clear.png().toBuffer(), 5);
    expect([...pixels]).toEqual(Array(75).fill(255));
  });

  it('turns a photo upright as its EXIF orientation says', async () => {
    const turned = await halves().jpeg().withMetadata({ orientation: 6 }).toBuffer();
    const pixels = await decodeImage(turned, 8);
    expectNear(pixel(pixels, 8, 4, 1), [255, 0, 0], 12);
    expectNear(pixel(pixels, 8, 4, 6), [0, 0, 255], 12);
  });

  it.each([
    ['grey', () => halves().greyscale().png()],
    ['grey with alpha', () => halves().ensureAlpha().greyscale().png()],
    ['16 bits', () => halves().toColourspace('rgb16').png()],
    ['a palette', () => halves().png({ palette: true })],
    ['CMYK', () => halves().toColourspace('cmyk').jpeg()],
  ])('gives three channels of 8 bits for %s', async (_, make) => {
    const pixels = await decodeImage(await make().toBuffer(), 6);
    expect(pixels).toHaveLength(108);
    expect(pixel(pixels, 6, 0, 3)).not.toEqual(pixel(pixels, 6, 5, 3));
  });

  it.each([undefined, 'bilinear', 'bicubic', 'lanczos'] as const)(
    'scales wide and high pictures with the filter %s',
    async (filter) => {
      const photo = await halves().jpeg().withMetadata({ orientation: 6 }).toBuffer();
      for (const fit of ['fill', 'cover', 'contain'] as const) {
        const pixels = await decodeImage(photo, 9, { fit, filter });
        expect(pixels).toHaveLength(243);
        expectNear(pixel(pixels, 9, 4, 1), [255, 0, 0], 12);
        expectNear(pixel(pixels, 9, 4, 7), [0, 0, 255], 12);
        if (fit === 'contain') for (const x of [0, 8]) expect(pixel(pixels, 9, x, 4)).toEqual([255, 255, 255]);
      }
      expect(await decodeImage(await noise().png().toBuffer(), 1, { fit: 'cover', filter })).toHaveLength(3);
    },
  );

  it('fill keeps both halves, cover cuts the sides, contain adds white', async () => {
    const bytes = await halves().png().toBuffer();
    const contained = await decodeImage(bytes, 12, { fit: 'contain' });
    expect(pixel(contained, 12, 6, 0)).toEqual([255, 255, 255]);
    expectNear(pixel(contained, 12, 1, 6), [255, 0, 0]);
    const covered = await decodeImage(bytes, 8, { fit: 'cover' });
    expectNear(pixel(covered, 8, 0, 4), [255, 0, 0]);
    expectNear(pixel(covered, 8, 7, 0), [0, 0, 255]);
  });

  it.each(['png', 'jpeg', 'webp', 'gif', 'tiff'] as const)(
    'refuses a %s cut off anywhere before its end',
    async (format) => {
      const whole = await noise().toFormat(format).toBuffer();
      for (const share of [0, 0.05, 0.5, 0.9]) {
        const path = join(folder, `cut-${share}.${format}`);
        await writeFile(path, whole.subarray(0, Math.floor(whole.length * share)));
        const error = await failure(path);
        expect(error.code).toBe('data');
        expect(error.details.path).toBe(path);
        expect(error.message).toContain(path);
        expect(String(error.details.reason)).not.toBe('');
      }
    },
  );

  it('refuses a missing file, a folder, a text and a vector image', async () => {
    expect((await failure(join(folder, 'nowhere.png'))).message).toMatch(/nowhere.png: ENOENT/);
    expect((await failure(folder)).code).toBe('data');
    expect((await failure(Buffer.from('no image'))).message).toMatch(/unsupported image format/);
    const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>';
    expect((await failure(Buffer.from(svg))).message).toMatch(/format svg is not supported/);
  });

  it('refuses more than 25 million pixels from the header', async () => {
    expect((await failure(await bomb(60_000, 60_000))).message).toMatch(/exceeds pixel limit|more than 25 million/);
    expect((await failure(await bomb(5_001, 5_000))).message).toMatch(/exceeds pixel limit|more than 25 million/);
    expect((await failure(await bomb(5_000, 5_000))).message).not.toMatch(/exceeds pixel limit|more than 25 million/);
  });

  it.skipIf(process.platform === 'win32')(
    'a pipe, a device and a folder are refused without opening them',
    async () => {
      execFileSync('mkfifo', [join(folder, 'pipe.png')]);
      for (const path of [join(folder, 'pipe.png'), '/dev/zero', folder]) {
        await expect(decodeImage(path, 8)).rejects.toMatchObject({
          code: 'data',
          details: { path, reason: 'not a file' },
        });
      }
    },
  );

  it('a damaged file gives pixels of the right length or a data error, nothing else', async () => {
    const random = seededRandom('damage');
    let refused = 0;
    for (const format of ['png', 'jpeg', 'webp', 'gif'] as const) {
      const whole = await noise().toFormat(format).toBuffer();
      for (let i = 0; i < 25; i++) {
        const damaged = Buffer.from(whole);
        for (let n = 0; n < 4; n++) damaged[random.integer(damaged.length)] = random.integer(256);
        const result = await decodeImage(damaged, 8).catch((error: unknown) => error);
        if (result instanceof Uint8Array) expect(result).toHaveLength(192);
        else if (UniecsError.isInstance(result)) {
          expect(result.code).toBe('data');
          refused++;
        } else throw result;
      }
    }
    expect(refused).toBeGreaterThan(10);
  });

  it('refuses a size that is no positive whole number', async () => {
    await expect(decodeImage(Buffer.from(''), 2.5)).rejects.toThrow(/size to be a positive whole number, got 2.5/);
  });
});
