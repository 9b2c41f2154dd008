import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { seededRandom, serializeSafetensors } from '@uniecs/tensor';
import { randomArray } from '@uniecs/tensor/testing';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createIndex, exactIndex, openIndex } from './open-index.js';
import type { IndexRecord } from './search-index.js';
import { failure } from './testing/failure.js';
import { temporaryFolder } from './testing/temporary-folder.js';

const at = temporaryFolder();
const vector = Float32Array.of(0.6, 0.8);
const record = (id: string): IndexRecord => ({ id, vector, metadata: { price: 1 } });

describe.each(['exact', 'lancedb'])('createIndex in the store %s', (store) => {
  it('makes an empty index at once, with the folders above it', async () => {
    const to = await at(`${store}/new/folders/index`);
    await createIndex({ store, to, dimension: 2, model: 'abc' });
    const index = await openIndex(to);
    expect([index.store, index.dimension, index.model, await index.count()]).toEqual([store, 2, 'abc', 0]);
    await index.close();
  });

  it('leaves what is there alone unless it is told to overwrite it', async () => {
    const to = await at(`${store}-existing`);
    const index = await createIndex({ store, to, dimension: 2 });
    await index.add([record('old')]);
    await index.close();
    const error = await failure(createIndex({ store, to, dimension: 2 }));
    expect([error.code, error.message]).toEqual(['file', expect.stringMatching(/nothing there yet .*, got a f/)]);
    const again = await openIndex(to);
    expect(await again.count()).toBe(1);
    await again.close();
  });

  it('keeps the old index whole until the new one is flushed', async () => {
    const to = await at(`${store}-overwritten`);
    const old = await createIndex({ store, to, dimension: 2, model: 'old' });
    await old.add([record('old')]);
    await old.close();
    const answers = async () => {
      const index = await openIndex(to);
      const hits = await index.search({ vector: Float32Array.from({ length: index.dimension }, () => 1), k: 9 });
      await index.close();
      return [index.model, index.dimension, hits.map(({ id }) => id)];
    };
    const abandoned = await createIndex({ store, to, dimension: 3, model: 'abandoned', overwrite: true });
    await abandoned.add([{ ...record('abandoned'), vector: Float32Array.of(1, 1, 1) }]);
    expect(await abandoned.count()).toBe(1);
    expect(await answers()).toEqual(['old', 2, ['old']]);
    const next = await createIndex({ store, to, dimension: 1, model: 'new', overwrite: true });
    await next.add([{ ...record('new'), vector: Float32Array.of(1) }]);
    expect(await answers()).toEqual(['old', 2, ['old']]);
    await next.flush();
    expect(await answers()).toEqual(['new', 1, ['new']]);
    await next.close();
    expect(await answers()).toEqual(['new', 1, ['new']]);
  });

  it('overwrites nothing but an index of its own store', async () => {
    const folder = await at(`${store}-foreign`);
    await mkdir(folder);
    await writeFile(join(folder, 'photo.jpg'), 'precious');
    const weights = join(folder, 'model.safetensors');
    await writeFile(
      weights,
      serializeSafetensors(new Map([['w', { dtype: 'F32', shape: [1], data: Float32Array.of(1) }]])),
    );
    for (const to of [folder, weights, join(folder, 'photo.jpg')]) {
      expect((await failure(createIndex({ store, to, dimension: 2, overwrite: true }))).code).toBe('file');
    }
    const other = store === 'exact' ? 'lancedb' : 'exact';
    const to = join(folder, 'other');
    await (await createIndex({ store: other, to, dimension: 2 })).close();
    const error = await failure(createIndex({ store, to, dimension: 2, overwrite: true }));
    expect([error.code, error.hint]).toEqual(['file', 'remove it yourself first']);
    expect((await readdir(folder)).sort()).toEqual(['model.safetensors', 'other', 'photo.jpg']);
    expect(await readFile(join(folder, 'photo.jpg'), 'utf8')).toBe('precious');
  });

  it('refuses a dimension that is none', async () => {
    for (const dimension of [0, -1, 2.5, Number.NaN]) {
      const error = await failure(createIndex({ store, to: await at('never'), dimension }));
      expect([error.code, error.got]).toEqual(['argument', String(dimension)]);
    }
  });

  it('says so where the path cannot be written', async () => {
    const file = await at(`${store}-file`);
    await writeFile(file, '');
    expect((await failure(createIndex({ store, to: join(file, 'below'), dimension: 2 }))).code).toBe('file');
  });
});

describe('createIndex and openIndex', () => {
  it('name the stores of this version for any other', async () => {
    for (const store of ['milvus', 'pgvector', 'constructor', '']) {
      const error = await failure(createIndex({ store, to: await at('never'), dimension: 2 }));
      expect([error.code, error.message]).toEqual([
        'unsupported',
        expect.stringMatching(/\(exact, lancedb\), on disk, got/),
      ]);
    }
    for (const url of ['milvus://localhost:19530/items', 'postgres://localhost/shop']) {
      expect((await failure(openIndex(url))).code).toBe('unsupported');
      expect((await failure(createIndex({ store: 'exact', to: url, dimension: 2 }))).code).toBe('unsupported');
    }
  });

  it('open no index where there is none', async () => {
    const folder = await at('empty-folder');
    await mkdir(folder);
    const text = await at('text.safetensors');
    await writeFile(text, 'not an index');
    for (const path of [await at('missing'), folder, text]) {
      const error = await failure(openIndex(path));
      expect([error.code, error.message]).toEqual(['file', expect.stringContaining(path)]);
    }
  });

  it('fill an empty folder with a LanceDB index', async () => {
    const to = await at('empty-folder-to-fill');
    await mkdir(to);
    await (await createIndex({ store: 'lancedb', to, dimension: 2 })).close();
    expect((await openIndex(to)).store).toBe('lancedb');
  });

  it('give the very same answers from both stores', async () => {
    const random = seededRandom('stores agree');
    const records = Array.from({ length: 2500 }, (_, i): IndexRecord => {
      // Small whole numbers: many vectors coincide, so ties are common.
      const vector = randomArray(random, [5]).map(Math.round);
      return {
        id: `${i}`,
        vector: vector.some((x) => x !== 0) ? vector : vector.fill(1),
        metadata: { i, even: i % 2 === 0 },
      };
    });
    const exact = exactIndex({ dimension: 5 });
    const lance = await createIndex({ store: 'lancedb', to: await at('agreeing'), dimension: 5 });
    for (const index of [exact, lance]) await index.add(records);
    for (let k = 1; k < 700; k = 3 * k + 1) {
      for (const where of [undefined, 'even and i > 300']) {
        const query = { vector: randomArray(random, [5]).map(Math.round).fill(1, 0, 1), k, ...(where && { where }) };
        expect(await lance.search(query)).toEqual(await exact.search(query));
      }
    }
    await Promise.all([exact.close(), lance.close()]);
  });
});

describe('an exact index on disk', () => {
  it('is refused where it is truncated, altered or of a later version', async () => {
    const path = await at('sound.safetensors');
    const index = await createIndex({ store: 'exact', to: path, dimension: 2 });
    await index.add([record('first'), record('again')]);
    await index.close();
    const bytes = await readFile(path);
    const replaced = (from: string, to: string) => Buffer.from(bytes.toString('latin1').replace(from, to), 'latin1');
    const cases: [string, Buffer, string, RegExp][] = [
      ['cut', bytes.subarray(0, -3), 'file', /truncated/],
      ['later', replaced('"version":"1"', '"version":"2"'), 'unsupported', /layout version 1 .* got version 2/],
      ['another mark', replaced('uniecs-index', 'uniecs-other'), 'file', /got something else/],
      ['no record', replaced('{"id":"first"', '{"if":"first"'), 'file', /record 0 without id/],
      ['no JSON', replaced('{"id":"first"', '<"id":"first"'), 'file', /JSON/],
      ['a record too few', replaced('}}\n{"id":', '}} {"id":'), 'file', /JSON|records/],
      ['an id twice', replaced('"again"', '"first"'), 'file', /an id twice/],
      ['other tensors', replaced('"vectors"', '"Vectors"'), 'file', /no F32 \[N, D\] tensor 'vectors'/],
      ['NaN', replaced('\x9a\x99\x19\x3f', '\xff\xff\xff\x7f'), 'file', /NaN/],
    ];
    for (const [what, damaged, code, message] of cases) {
      const copy = await at(`damaged ${what}`);
      await writeFile(copy, damaged);
      const error = await failure(openIndex(copy));
      expect([what, error.code, error.message]).toEqual([what, code, expect.stringMatching(message)]);
    }
  });

  it('is untouched by writing that fails, and is written when it is tried again', async () => {
    const folder = await at('unwritable');
    const path = join(folder, 'index.safetensors');
    const index = await createIndex({ store: 'exact', to: path, dimension: 2 });
    await index.add([record('a')]);
    await index.flush();
    const kept = await at('kept.safetensors');
    await copyFile(path, kept);
    const { rename } = await import('node:fs/promises');
    await rename(folder, `${folder}-away`);
    await index.add([record('b')]);
    expect((await failure(index.close())).code).toBe('file');
    await rename(`${folder}-away`, folder);
    expect(await readFile(path)).toEqual(await readFile(kept));
    await index.close();
    const again = await openIndex(path);
    expect(await again.count()).toBe(2);
  });

  it('does not write what did not change', async () => {
    const path = await at('unchanged.safetensors');
    await (await createIndex({ store: 'exact', to: path, dimension: 2 })).close();
    const index = await openIndex(path);
    await writeFile(path, 'a mark');
    await index.remove(['nobody']);
    await index.close();
    expect(await readFile(path, 'utf8')).toBe('a mark');
  });
});

describe('a LanceDB index on disk', () => {
  afterEach(() => {
    vi.doUnmock('@lancedb/lancedb');
  });

  it('is kept in few files, however many writes made it', async () => {
    const to = await at('many-writes');
    const index = await createIndex({ store: 'lancedb', to, dimension: 2 });
    for (let i = 0; i < 40; i++) {
      await index.add([record(`${i}`)]);
      await index.flush();
    }
    await index.close();
    expect(await readdir(join(to, 'items_1.lance/data'))).toHaveLength(1);
    const again = await openIndex(to);
    expect(await again.count()).toBe(40);
    await again.close();
  });

  it('is refused where its manifest is damaged or of a later version, or its table gone', async () => {
    const to = await at('manifest');
    await (await createIndex({ store: 'lancedb', to, dimension: 2 })).close();
    const path = join(to, 'uniecs-index.json');
    const manifest = JSON.parse(await readFile(path, 'utf8'));
    const cases: [unknown, string, RegExp][] = [
      ['{', 'file', /JSON/],
      [{ ...manifest, format: 'other' }, 'file', /something else/],
      [{ ...manifest, version: 2 }, 'unsupported', /got version 2/],
      [{ ...manifest, dimension: 'x' }, 'file', /without dimension/],
      [{ ...manifest, table: '../elsewhere' }, 'file', /without dimension, model or table/],
      [{ ...manifest, table: 'items_9' }, 'file', /items_9/],
    ];
    for (const [content, code, message] of cases) {
      await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
      const error = await failure(openIndex(to));
      expect([content, error.code, error.message]).toEqual([content, code, expect.stringMatching(message)]);
    }
  });

  it('says what to install where LanceDB is missing, and leaves nothing behind', async () => {
    const to = await at('made-while-there');
    await (await createIndex({ store: 'lancedb', to, dimension: 2 })).close();
    vi.doMock('@lancedb/lancedb', () => {
      throw new Error('Cannot find package');
    });
    const never = await at('unavailable');
    for (const call of [() => createIndex({ store: 'lancedb', to: never, dimension: 2 }), () => openIndex(to)]) {
      const error = await failure(call());
      expect([error.code, error.hint]).toEqual([
        'unavailable',
        expect.stringContaining('npm install @lancedb/lancedb'),
      ]);
    }
    expect(await readdir(dirname(never))).not.toContain('unavailable');
  });
});
