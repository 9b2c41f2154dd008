import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '@uniecs/tensor';
import sharp from 'sharp';

/** Pictures in a temporary folder. */
export interface PictureFiles {
  readonly folder: string;
  readonly paths: readonly string[];
  remove(): Promise<void>;
}

/** Writes PNG files of 9 x 7 seeded noise, all different. */
export async function pictureFiles(count: number): Promise<PictureFiles> {
  const folder = await mkdtemp(join(tmpdir(), 'uniecs-pictures-'));
  const random = seededRandom('pictures');
  const paths = Array.from({ length: count }, (_, i) => join(folder, `${i}.png`));
  for (const path of paths) {
    const noise = Uint8Array.from({ length: 9 * 7 * 3 }, () => random.integer(256));
    await sharp(noise, { raw: { width: 9, height: 7, channels: 3 } })
      .png()
      .toFile(path);
  }
  return { folder, paths, remove: () => rm(folder, { recursive: true, force: true }) };
}
