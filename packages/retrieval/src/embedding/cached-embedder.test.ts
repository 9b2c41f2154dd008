import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Item } from '@uniecs/mbeer';
import { UniecsError } from '@uniecs/tensor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Disk, realDisk } from '../features/disk.js';
import { type CachedEmbedderOptions, cachedEmbedder } from './cached-embedder.js';
import type { Embedder } from './embedder.js';

/** A disk that takes so many writes before it is full. */
function fullAfter(writes: number): Disk {
  let room = writes;
  return {
    ...realDisk,
    write: (...args) => {
      if (room-- <= 0) throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
      realDisk.write(...args);
    },
  };
}

const D = 5;
let root: string;
let items: Item[];
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'uniecs-embeddings-'));
  const image = async (name: string, content: string) => {
    await writeFile(join(root, name), content);
    return join(root, name);
  };
  items = [
    { id: 'a', title: 'red shirt', image: await image('a.jpg', 'A') },
    { id: 'b', title: 'red shirt' },
    { id: 'c', image: await image('c.jpg', 'A') },
    // The content of a under other names.
    { id: 'd', title: 'red shirt', image: await image('d.jpg', 'A') },
    { id: 'e', title: 'red shirt', image: await image('e.jpg', 'E') },
  ];
});
afterAll(() => rm(root, { recursive: true }));

/** An embedder whose vectors are a digest of an item's content, and what it was asked for. */
function plain(before: (items: readonly Item[]) => Promise<void> = async () => {}) {
  const asked: string[][] = [];
  const vector = (text: string) => {
    const bytes = createHash('sha256').update(text).digest();
    return Float32Array.from({ length: D }, (_, i) => bytes.readInt32LE(4 * i) / 2 ** 31);
  };
  const embed: Embedder['embed'] = async (some, { onProgress, signal } = {}) => {
    asked.push(some.map(({ id }) => id));
    if (signal?.aborted) throw new UniecsError({ code: 'interrupted', where: '', expected: '', got: '', hint: '' });
    await before(some);
    const result = {
      fused: new Float32Array(some.length * D),
      image: new Float32Array(some.length * D),
      text: new Float32Array(some.length * D),
    };
    for (const [row, { title, image }] of some.entries()) {
      const picture = image === undefined ? '' : await readFile(image, 'utf8');
      result.fused.set(vector(`${title} ${picture}`), row * D);
      result.image.set(vector(`v ${picture}`), row * D);
      result.text.set(vector(`t ${title}`), row * D);
      onProgress?.(row + 1, some.length);
    }
    const has = (field: 'image' | 'title') => Float32Array.from(some, (item) => Number(item[field] !== undefined));
    return { count: some.length, dimension: D, ...result, hasImage: has('image'), hasText: has('title') };
  };
  const source: Embedder = { dimension: D, embed, embedQuery: async () => vector('query'), dispose: async () => {} };
  return { source, asked };
}

async function once(name: string, some: readonly Item[], more: Partial<CachedEmbedderOptions> = {}, of = plain()) {
  const cached = await cachedEmbedder(of.source, { folder: join(root, name), key: 'model', ...more });
  const progress: string[] = [];
  const made = await cached.embed(some, { onProgress: (done, total) => progress.push(`${done}/${total}`) });
  await cached.dispose();
  return { made, asked: of.asked, counts: cached.counts, progress };
}

describe('cachedEmbedder', () => {
  it('gives to the bit what the embedder gives, and encodes each content once', async () => {
    const expected = await plain().source.embed(items);
    const first = await once('one', items);
    expect(first.made).toEqual(expected);
    expect(first.asked).toEqual([['a', 'b', 'c', 'e']]);
    expect(first.progress.at(-1)).toBe('5/5');
    const second = await once('one', [...items].reverse());
    expect(second.asked).toEqual([]);
    expect(second.counts).toEqual({ kept: 4, encoded: 0 });
    expect(second.made.fused.subarray(4 * D)).toEqual(expected.fused.subarray(0, D));
    expect(second.progress).toEqual(['5/5']);
  });

  it('encodes again what has another title, another picture or another model', async () => {
    await once('two', items);
    const [a, b] = items as [Item, Item];
    await writeFile(join(root, 'new.jpg'), 'N');
    const changed = [{ ...a, image: join(root, 'new.jpg') }, { ...b, title: 'Red shirt' }, a];
    const { made, asked } = await once('two', changed);
    expect(asked).toEqual([['a', 'b']]);
    expect(made).toEqual(await plain().source.embed(changed));
    expect((await once('two', items, { key: 'another model' })).counts).toEqual({ kept: 0, encoded: 4 });
  });

  it('encodes again where any of several pictures is another one', async () => {
    const [a, , c, , e] = items as [Item, Item, Item, Item, Item];
    const whole: Item = { ...a, moreImages: [e.image as string] };
    await once('several', [a, whole]);
    // The content of c is that of a.
    const { asked } = await once('several', [whole, { ...whole, id: 'f', moreImages: [c.image as string] }]);
    expect(asked).toEqual([['f']]);
  });

  it('goes on from what was kept when it was interrupted', async () => {
    const many = Array.from({ length: 1500 }, (_, i) => ({ id: `${i}`, title: `title ${i}` }));
    const stop = new AbortController();
    const of = plain();
    const cached = await cachedEmbedder(of.source, { folder: join(root, 'three'), key: 'model' });
    const onProgress = (done: number) => void (done >= 1024 && stop.abort());
    await expect(cached.embed(many, { signal: stop.signal, onProgress })).rejects.toMatchObject({
      code: 'interrupted',
    });
    await cached.dispose();
    expect((await once('three', many)).counts).toEqual({ kept: 1024, encoded: 476 });
  });

  it('does not keep a picture that changes while it is embedded', async () => {
    const image = join(root, 'moving.jpg');
    await writeFile(image, 'before');
    const moving = plain(() => writeFile(image, 'after'));
    await once('four', [{ id: 'm', image }], {}, moving);
    await writeFile(image, 'before');
    const { made, asked } = await once('four', [{ id: 'm', image }]);
    expect(asked).toEqual([['m']]);
    expect(made).toEqual(await plain().source.embed([{ id: 'm', image }]));
  });

  it('does without a full disk, or a damaged record, and says so once', async () => {
    const faults: UniecsError[] = [];
    const onFault = (error: UniecsError) => void faults.push(error);
    const { made } = await once('five', items, { onFault, disk: fullAfter(3) });
    expect(made).toEqual(await plain().source.embed(items));
    expect(faults.map(({ code }) => code)).toEqual(['file']);
    const [model] = await readdir(join(root, 'five'));
    const files = await readdir(join(root, 'five', model as string));
    const records = join(root, 'five', model as string, files.find((file) => file.endsWith('.features')) as string);
    const bytes = await readFile(records);
    bytes[7] = (bytes[7] as number) ^ 1;
    await writeFile(records, bytes);
    const again = await once('five', items, { onFault });
    expect(again.made).toEqual(made);
    expect(faults).toHaveLength(2);
  });

  it('removes the models used longest ago where the folder grows too large, and never its own', async () => {
    for (const [i, key] of ['old', 'middle', 'new'].entries()) {
      await once('six', items, { key });
      const names = await readdir(join(root, 'six'));
      for (const name of names) if (i === 0) await utimes(join(root, 'six', name), 1, 1);
    }
    const before = await readdir(join(root, 'six'));
    expect(before).toHaveLength(3);
    await once('six', items, { key: 'new', maxBytes: 1000 });
    const after = await readdir(join(root, 'six'));
    expect(after.length).toBeLessThan(3);
    expect((await once('six', items, { key: 'old' })).counts.kept).toBe(0);
    expect((await once('six', items, { key: 'new' })).counts.kept).toBe(4);
  });
});
