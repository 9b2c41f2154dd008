import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type PictureFiles, pictureFiles } from '../testing/picture-files.js';
import { augmentationRandom, augmentImage } from './augment-image.js';
import { decodeImage } from './decode-image.js';
import { type ImageRows, type ImageSource, type ImageSourceOptions, imageSource } from './image-source.js';

// Seconds alone, many more where the threads wait for a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const size = 8;
let pictures: PictureFiles;
let scratch = '';
beforeAll(async () => {
  pictures = await pictureFiles(13);
  scratch = await mkdtemp(join(tmpdir(), 'uniecs-source-'));
});
afterAll(async () => {
  await pictures.remove();
  await rm(scratch, { recursive: true });
});

async function using<T>(
  options: Partial<ImageSourceOptions>,
  work: (source: ImageSource) => Promise<T>,
  entry?: URL,
): Promise<T> {
  const source = imageSource({ size, ...options }, entry);
  try {
    return await work(source);
  } finally {
    await source.dispose();
  }
}

/** Some rows, one without an image, one image twice. */
function rowsAt(step: number): ImageRows {
  const at = [3, 0, 12, undefined, 7, 3, 5, 1];
  return {
    paths: at.map((i) => (i === undefined ? undefined : pictures.paths[(i + step) % 13])),
    augment: { seed: 7, step, ids: at.map((i, row) => `item ${i} ${row}`), options: { area: [0.3, 0.9] } },
  };
}

async function batches(source: ImageSource, steps = 3): Promise<Uint8Array[]> {
  const found: Uint8Array[] = [];
  for (let step = 0; step < steps; step++) {
    const into = source.pixels(8).fill(99);
    await source.fill(rowsAt(step), into);
    found.push(Uint8Array.from(into));
  }
  return found;
}

/** What the batches have to be, by the functions themselves. */
async function expected(step: number): Promise<Uint8Array> {
  const { paths, augment } = rowsAt(step);
  const all = new Uint8Array(8 * size * size * 3);
  for (const [row, path] of paths.entries()) {
    if (!path || !augment) continue;
    const random = augmentationRandom(7, augment.ids[row] as string, step);
    all.set(augmentImage(await decodeImage(path, size), size, random, { area: [0.3, 0.9] }), row * size * size * 3);
  }
  return all;
}

const failure = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error) => error,
  );

describe('imageSource', () => {
  it('keeps images of different forms apart in one folder, and reads them with threads or without', async () => {
    const folder = join(scratch, 'forms');
    const path = pictures.paths[1] as string;
    for (const workers of [0, 1]) {
      for (const form of [
        { fit: 'cover', filter: 'bicubic' },
        { fit: 'cover' },
        { fit: 'fill', filter: 'bicubic' },
      ] as const) {
        await using({ folder, workers, ...form }, async (source) => {
          const into = source.pixels(1);
          await source.fill({ paths: [path] }, into);
          expect(Uint8Array.from(into)).toEqual(await decodeImage(path, size, form));
          expect([source.fit, source.filter]).toEqual([form.fit, 'filter' in form ? form.filter : undefined]);
          expect(source.decoded).toBe(workers === 0 ? 1 : 0);
        });
      }
    }
  });

  it.each([0, 1, 2, 4])(
    'with %i threads, gives the pixels of decodeImage and augmentImage to the bit',
    async (workers) => {
      const found = await using({ workers }, (source) => batches(source));
      for (const [step, pixels] of found.entries()) expect(pixels).toEqual(await expected(step));
      // Null control: another step is another batch.
      expect(found[0]).not.toEqual(await expected(1));
    },
  );

  it('decodes an image once however many threads and steps there are', async () => {
    await using({ workers: 3 }, async (source) => {
      await batches(source, 20);
      expect(source.decoded).toBe(13);
    });
  });

  it.each([0, 2])(
    'with a store and %i threads, decodes nothing the second time, and again what was damaged',
    async (workers) => {
      const folder = await mkdtemp(join(scratch, 'store-'));
      const run = () =>
        using({ workers, folder }, async (source) => {
          const found = await batches(source, 13);
          expect(source.fault).toBeUndefined();
          return { found, decoded: source.decoded };
        });
      const first = await run();
      expect(first.decoded).toBe(13);
      expect(await run()).toEqual({ found: first.found, decoded: 0 });
      const [file] = readdirSync(folder, { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.images'))
        .map((name) => join(folder, name)) as [string];
      const bytes = readFileSync(file);
      bytes[60] = (bytes[60] as number) ^ 1;
      writeFileSync(file, bytes);
      expect(await run()).toEqual({ found: first.found, decoded: 1 });
      expect(await run()).toEqual({ found: first.found, decoded: 0 });
    },
  );

  it('knows an image by its content: changed, it is decoded anew; copied, it is not', async () => {
    const folder = await mkdtemp(join(scratch, 'content-'));
    const path = join(scratch, 'changing.png');
    const read = (file: string) =>
      using({ folder }, async (source) => {
        const into = source.pixels(1);
        await source.fill({ paths: [file] }, into);
        return { pixels: Uint8Array.from(into), decoded: source.decoded };
      });
    await writeFile(path, readFileSync(pictures.paths[0] as string));
    const before = await read(path);
    await writeFile(path, readFileSync(pictures.paths[1] as string));
    const after = await read(path);
    expect([before.decoded, after.decoded]).toEqual([1, 1]);
    expect(after.pixels).toEqual(await decodeImage(pictures.paths[1] as string, size));
    expect(await read(pictures.paths[1] as string)).toEqual({ ...after, decoded: 0 });
  });

  it.each([0, 1, 4])(
    'with %i threads, an image that cannot be read is an error that names it, the first of them',
    async (workers) => {
      await using({ workers }, async (source) => {
        const broken = join(scratch, 'broken.png');
        await writeFile(broken, 'no picture');
        const paths = [...pictures.paths.slice(0, 5), broken, join(scratch, 'nowhere.png'), pictures.paths[0]];
        const into = source.pixels(8);
        const error = await failure(source.fill({ paths }, into));
        expect(error).toMatchObject({ name: 'UniecsError', code: 'data', details: { path: broken } });
        expect(error.message).toContain(`${broken}: `);
        const found = await source.check(paths as string[]);
        expect([...found.keys()].sort()).toEqual([broken, join(scratch, 'nowhere.png')].sort());
        // The source goes on.
        await source.fill(rowsAt(0), into);
        expect(into).toEqual(await expected(0));
      });
    },
  );

  it('check reads every image once, tells how far it is, and stops at the signal', async () => {
    await using({ workers: 2 }, async (source) => {
      const told: number[] = [];
      const paths = [...pictures.paths, ...pictures.paths];
      const errors = await source.check(paths, { onProgress: ({ done, total }) => told.push(done / total) });
      expect(errors.size).toBe(0);
      expect(source.decoded).toBe(13);
      expect(told.at(-1)).toBe(1);
      await batches(source, 13);
      expect(source.decoded).toBe(13);
      const stopped = await failure(source.check(paths, { signal: AbortSignal.abort() }));
      expect(stopped).toMatchObject({ code: 'interrupted' });
    });
  });

  it('disposed in the middle of a batch, it fails what was asked for and leaves no thread behind', async () => {
    let threads = 0;
    const count = (worker: Worker) => {
      threads++;
      worker.on('exit', () => threads--);
    };
    process.on('worker', count);
    const entry = join(scratch, 'never-answers.mjs');
    await writeFile(entry, "import { parentPort } from 'node:worker_threads'; parentPort.on('message', () => {});");
    const source = imageSource({ size, workers: 2 }, pathToFileURL(entry));
    const asked = Array.from({ length: 5 }, (_, step) => failure(source.fill(rowsAt(step), source.pixels(8))));
    // Node tells of a thread in the next turn.
    await new Promise(setImmediate);
    expect(threads).toBe(2);
    await source.dispose();
    expect(threads).toBe(0);
    for (const error of await Promise.all(asked)) expect(error).toMatchObject({ code: 'interrupted' });
    expect(await failure(source.fill(rowsAt(0), source.pixels(8)))).toMatchObject({ code: 'interrupted' });
    await source.dispose();
    process.off('worker', count);
  });

  it('disposed while its threads read, it ends each batch, read or interrupted', async () => {
    const source = imageSource({ size, workers: 2 });
    const first = failure(source.fill(rowsAt(0), source.pixels(8)));
    const asked = Array.from({ length: 50 }, (_, step) => failure(source.fill(rowsAt(step), source.pixels(8))));
    await first;
    await source.dispose();
    for (const error of await Promise.all(asked)) if (error) expect(error).toMatchObject({ code: 'interrupted' });
  });

  it.each([
    ['leaves', 'setTimeout(() => process.exit(3), 20);', /exit code 3/],
    [
      'throws',
      "import { parentPort } from 'node:worker_threads'; parentPort.on('message', () => { throw new Error('no luck'); });",
      /no luck/,
    ],
    ['does not start', "import './not-there.mjs';", /not-there/],
    // As Node says it of a thread that reaches its limit; to reach it here might end this process as well.
    [
      'runs out of memory',
      "throw Object.assign(new Error('heap'), { code: 'ERR_WORKER_OUT_OF_MEMORY' });",
      /one that stopped \(it ran out of memory\)/,
    ],
  ])('a thread that %s is an error, not a wait without end', async (name, code, reason) => {
    const entry = join(scratch, `${name.replaceAll(' ', '-')}.mjs`);
    await writeFile(entry, code);
    await using(
      { workers: 2 },
      async (source) => {
        const error = await failure(source.fill(rowsAt(0), source.pixels(8)));
        expect(error).toMatchObject({ name: 'UniecsError', code: 'unavailable' });
        expect(error.message).toMatch(reason);
        expect(await failure(source.fill(rowsAt(1), source.pixels(8)))).toBe(error);
      },
      pathToFileURL(entry),
    );
  });

  it("a store's folder that goes before the threads start is an error of code file, with the system's code", async () => {
    const folder = await mkdtemp(join(scratch, 'vanishing-'));
    await using({ workers: 2, folder }, async (source) => {
      await rm(folder, { recursive: true });
      await writeFile(folder, '');
      const error = await failure(source.fill(rowsAt(0), source.pixels(8)));
      expect(error).toMatchObject({ name: 'UniecsError', code: 'file', where: 'imageStore' });
      expect(error).toMatchObject({ cause: { code: expect.stringMatching(/^E(NOTDIR|EXIST)$/) } });
      expect(error.cause).toBeInstanceOf(Error);
      expect(await failure(source.check(pictures.paths))).toBe(error);
    });
  });

  it('refuses sizes out of range, a target of another size or in memory that is not shared, and a folder that is a file', async () => {
    expect(() => imageSource({ size: 0 })).toThrow(/size to be a whole number/);
    expect(() => imageSource({ size, workers: -1 })).toThrow(/workers to be a whole number/);
    for (const workers of [0, 1]) {
      expect(() => imageSource({ size, workers, folder: pictures.paths[0] })).toThrow(/a folder for decoded images/);
    }
    await using({ workers: 1 }, async (source) => {
      await expect(source.fill(rowsAt(0), source.pixels(7))).rejects.toThrow(/into of 1536 bytes/);
      await expect(source.fill(rowsAt(0), new Uint8Array(1536))).rejects.toThrow(/shared memory/);
    });
  });
});
