import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UniecsError } from '@uniecs/tensor';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { thumbnail } from './thumbnail.js';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'uniecs-thumbnail-'));
  const raw = { width: 40, height: 20, channels: 4 } as const;
  await sharp({ create: { ...raw, background: { r: 255, g: 0, b: 0, alpha: 1 } } })
    .png()
    .toFile(join(folder, 'red.png'));
  await sharp({ create: { ...raw, background: { r: 255, g: 0, b: 0, alpha: 0 } } })
    .png()
    .toFile(join(folder, 'clear.png'));
  await writeFile(join(folder, 'no.jpg'), 'no image');
});
afterAll(() => rm(folder, { recursive: true }));

it('is a JPEG of the same proportions, never enlarged, transparent parts white', async () => {
  const size = async (side: number) => {
    const { format, width, height } = await sharp(await thumbnail(join(folder, 'red.png'), side)).metadata();
    return [format, width, height];
  };
  expect(await size(10)).toEqual(['jpeg', 10, 5]);
  expect(await size(96)).toEqual(['jpeg', 40, 20]);
  const colour = async (name: string) =>
    [
      ...(await sharp(await thumbnail(join(folder, name), 8))
        .raw()
        .toBuffer()),
    ].slice(0, 3);
  expect((await colour('red.png'))[0]).toBeGreaterThan(240);
  expect((await colour('red.png'))[1]).toBeLessThan(15);
  expect(Math.min(...(await colour('clear.png')))).toBeGreaterThan(250);
});

it('names a file that is no image or not there, and refuses a side of none', async () => {
  for (const [name, side, code] of [
    ['no.jpg', 8, 'data'],
    ['none.jpg', 8, 'data'],
    ['red.png', 0, 'argument'],
  ] as const) {
    const error: unknown = await thumbnail(join(folder, name), side).then(
      () => undefined,
      (reason) => reason,
    );
    expect(UniecsError.isInstance(error) && error.code).toBe(code);
    if (code === 'data') expect(String(error)).toContain(name);
  }
});
