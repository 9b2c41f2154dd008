import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { filePartOf, partAddress, readContent } from './file-part.js';

let folder: string;
let file: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'uniecs-part-'));
  file = join(folder, 'part:1+2:odd\nname');
  await writeFile(file, Buffer.from(Array.from({ length: 251 }, (_, i) => i)));
});
afterAll(() => rm(folder, { recursive: true }));

describe('a part of a file', () => {
  it('has an address, which a path is not', () => {
    const part = { file, offset: 7, size: 11 };
    expect(filePartOf(partAddress(part))).toEqual(part);
    for (const path of [file, '/part:1+2:/a', 'C:\\part:1+2:a', 'part:1+:a', 'part:1+2:', 'part:-1+2:a', '']) {
      expect(filePartOf(path)).toBeUndefined();
    }
  });

  it('is read as it stands in the file, and a file as a whole', async () => {
    expect([...(await readContent(partAddress({ file, offset: 7, size: 3 })))]).toEqual([7, 8, 9]);
    expect(await readContent(partAddress({ file, offset: 7, size: 0 }))).toHaveLength(0);
    expect(await readContent(file)).toHaveLength(251);
  });

  it('that the file is too short for is an error', async () => {
    await truncate(file, 100);
    const part = partAddress({ file, offset: 95, size: 11 });
    await expect(readContent(part)).rejects.toThrow('5 of the 11 bytes from 95 are there');
    await expect(readContent(partAddress({ file: join(folder, 'none'), offset: 0, size: 1 }))).rejects.toThrow(
      'ENOENT',
    );
  });
});
