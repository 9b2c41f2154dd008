import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateCatalogue, readItems, readPairs } from '@uniecs/mbeer/node';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { runCommand as uniecs } from './testing/run-command.js';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

let folder = '';
const at = (...parts: string[]) => join(folder, ...parts);

const build = (...more: string[]) =>
  uniecs('data', 'build', '--products', at('catalogue', 'catalog.jsonl'), '--similarity', 'content', ...more);
const linesOf = async (...path: string[]) => (await readFile(at(...path), 'utf8')).trim().split('\n');

/** Pairs of the catalogue by both ids, and a log in which two users each look at the two products of a pair, and at a third. */
let known: Set<string>;
let log: { user: string; item: string; time: number }[];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'uniecs-build-'));
  const { files } = await generateCatalogue({
    directory: at('catalogue'),
    pairs: { train: 30, val: 1, test: 1 },
    distractors: 20,
    seed: 7,
    imageSize: 32,
  });
  const { pairs } = await readPairs(files.train);
  const { items } = await readItems(files.catalog);
  known = new Set(pairs.map(({ item1, item2 }) => [item1.id, item2.id].sort().join(' ')));
  log = pairs.flatMap(({ item1, item2 }, i) =>
    [0, 1].flatMap((k) =>
      [item1.id, item2.id, items[(i * 7) % items.length]?.id ?? ''].map((item, time) => ({
        user: `u${i}-${k}`,
        item,
        time,
      })),
    ),
  );
  await writeFile(
    at('log.csv'),
    `user,item,time\n${log.map(({ user, item, time }) => `${user},${item},${time}\n`).join('')}`,
  );
  await writeFile(at('log.jsonl'), log.map((row) => `${JSON.stringify(row)}\n`).join(''));
  const column = (name: 'user' | 'item') => ({ name, data: log.map((row) => row[name]) });
  const buffer = parquetWriteBuffer({ columnData: [column('user'), column('item')] });
  await writeFile(at('log.parquet'), Buffer.from(buffer));
});
afterAll(() => rm(folder, { recursive: true }));

describe('uniecs data verify', () => {
  it('writes a page with every pair and its pictures, or with some that the seed draws', async () => {
    const verify = (...more: string[]) =>
      uniecs('data', 'verify', at('catalogue', 'train.jsonl'), '--out', at('verify.html'), '--side', '16', ...more);
    const ids = async () => {
      const page = await readFile(at('verify.html'), 'utf8');
      const data = JSON.parse(/id="pairs">(.*)<\/script>/.exec(page)?.[1] as string);
      expect(page.match(/data:image\/jpeg;base64,/g)).toHaveLength(2 * data.pairs.length);
      return data.pairs.map(({ item1 }: { item1: { id: string } }) => item1.id) as string[];
    };
    expect(await verify()).toMatchObject({ code: 0, out: expect.stringContaining('30 pairs') });
    const all = await ids();
    expect(all).toHaveLength(30);
    expect(await verify('--sample', '7', '--seed', '1')).toMatchObject({ code: 0 });
    const some = await ids();
    expect(some).toHaveLength(7);
    expect(all.filter((id) => some.includes(id))).toEqual(some);
    await verify('--sample', '7', '--seed', '2');
    expect(await ids()).not.toEqual(some);
    expect(await verify('--sample', '0')).toMatchObject({ code: 2 });
    expect(await uniecs('data', 'verify', at('none.jsonl'), '--out', at('v.html'))).toMatchObject({ code: 2 });
    expect(existsSync(at('v.html'))).toBe(false);
  });
});

describe('uniecs data build', () => {
  it('finds the same-style pairs in a log, splits them, and says in a card and a manifest how', async () => {
    const { code, out } = await build('--interactions', at('log.csv'), '--out', at('a'), '--category', 'kind');
    expect([code, out]).toEqual([0, expect.stringContaining('data card:')]);
    expect((await readdir(at('a'))).sort()).toEqual(
      ['card.json', 'card.md', 'items.jsonl', 'manifest.json', 'test.jsonl', 'train.jsonl', 'val.jsonl'].sort(),
    );
    const found = [];
    for (const split of ['train', 'val', 'test']) {
      const { pairs, problems } = await readPairs(at('a', `${split}.jsonl`), { images: at('catalogue') });
      expect(problems).toEqual([]);
      expect(pairs.length).toBeGreaterThan(0);
      found.push(...pairs.map(({ item1, item2 }) => [item1.id, item2.id].sort().join(' ')));
    }
    expect(found.filter((pair) => known.has(pair)).length).toBeGreaterThan(24);
    expect(new Set(found.flatMap((pair) => pair.split(' '))).size).toBe(2 * found.length);
    const card = JSON.parse(await readFile(at('a', 'card.json'), 'utf8'));
    expect(card.build.log).toMatchObject({ interactions: log.length, users: 60 });
    for (const { across } of Object.values<{ across: { count: number }[] }>(card.duplicates)) {
      expect(across.map(({ count }) => count)).toEqual([0, 0, 0]);
    }
    expect(card.histograms.visual.every(([from]: [number]) => from >= 0.75)).toBe(true);
    expect(await readFile(at('a', 'card.md'), 'utf8')).toContain('## Categories');
    expect(JSON.parse(await readFile(at('a', 'manifest.json'), 'utf8'))).toMatchObject({
      version: 1,
      settings: { seed: 7 },
    });
  });

  it('builds the same from CSV, JSONL and Parquet, and from a product table in CSV', async () => {
    const { items } = await readItems(at('catalogue', 'catalog.jsonl'), { check: 'fields' });
    const rows = items.map(
      ({ id, title, metadata }) => `"${id}","${title}",images/${id.slice(-2)}/${id}.png,${metadata.kind}\n`,
    );
    await writeFile(at('catalogue', 'products.csv'), `id,title,image,kind\n${rows.join('')}`);
    const made = await Promise.all(
      ['log.csv', 'log.jsonl', 'log.parquet'].map(async (name) => {
        const out = `of-${name}`;
        expect(await build('--interactions', at(name), '--out', at(out))).toMatchObject({ code: 0 });
        return readFile(at(out, 'train.jsonl'), 'utf8');
      }),
    );
    expect(new Set(made).size).toBe(1);
    const args = [
      '--products',
      at('catalogue', 'products.csv'),
      '--interactions',
      at('log.csv'),
      '--out',
      at('of-products'),
    ];
    expect(await uniecs('data', 'build', ...args, '--similarity', 'content')).toMatchObject({ code: 0 });
    expect(await readFile(at('of-products', 'train.jsonl'), 'utf8')).toBe(made[0]);
  });

  it('leaves out what was rejected, and keeps what was accepted alone where asked', async () => {
    const lines = [...(await linesOf('a', 'train.jsonl')), ...(await linesOf('a', 'val.jsonl'))];
    const pairs = lines
      .map((line) => JSON.parse(line))
      .map(({ item_id_1: item1, item_id_2: item2 }) => ({ item1, item2 }));
    const decisions = pairs.slice(0, 3).map((pair, i) => ({ ...pair, decision: i === 0 ? 'reject' : 'accept' }));
    await writeFile(at('decisions.json'), JSON.stringify({ version: 1, decisions }));
    const args = ['--interactions', at('log.csv'), '--decisions', at('decisions.json')];
    expect(await build(...args, '--out', at('rejected'))).toMatchObject({ code: 0 });
    const all = await Promise.all(
      ['train', 'val', 'test'].map((split) => readFile(at('rejected', `${split}.jsonl`), 'utf8')),
    );
    expect(all.join('')).not.toContain(`"item_id_1":"${pairs[0]?.item1}"`);
    expect(await build(...args, '--accepted-only', '--out', at('accepted'))).toMatchObject({ code: 0 });
    expect(JSON.parse(await readFile(at('accepted', 'manifest.json'), 'utf8')).counts).toMatchObject({ groups: 2 });
  });

  it.each([
    ['no way to compare products', 'not specified', (log: string) => ['--products', 'p.csv', '--interactions', log]],
    ['a log that is missing', 'ENOENT', (_: string) => ['--interactions', 'missing.csv']],
    ['a column that is missing', 'a column who', (log: string) => ['--interactions', log, '--user-column', 'who']],
    ['a field that is missing', 'a field style', (log: string) => ['--interactions', log, '--group', 'style']],
    ['thresholds that nothing reaches', '--min-users', (log: string) => ['--interactions', log, '--min-users', '99']],
  ])('refuses %s and leaves nothing behind', async (_, said, args) => {
    const before = await readdir(folder);
    const given = args(at('log.csv'));
    const whole = given.includes('--products')
      ? uniecs('data', 'build', ...given, '--out', at('refused'))
      : build(...given, '--out', at('refused'));
    const { code, err } = await whole;
    expect([code, err]).toEqual([2, expect.stringContaining(said)]);
    expect(await readdir(folder)).toEqual(before);
  });

  it('refuses a damaged log, naming the row, and a folder that holds something', async () => {
    await writeFile(at('bad.csv'), 'user,item\na,1\nb\n');
    expect(await build('--interactions', at('bad.csv'), '--out', at('x'))).toMatchObject({
      code: 2,
      err: expect.stringContaining('line 3'),
    });
    await writeFile(at('empty.jsonl'), '{"user":"a","item":"1"}\n{"user":"a"}\n');
    expect(await build('--interactions', at('empty.jsonl'), '--out', at('x'))).toMatchObject({
      code: 2,
      err: expect.stringContaining('row 2'),
    });
    await writeFile(at('no.parquet'), 'PAR1 and nothing of it');
    expect(await build('--interactions', at('no.parquet'), '--out', at('x'))).toMatchObject({ code: 2 });
    expect(existsSync(at('x'))).toBe(false);
    expect(await build('--interactions', at('log.csv'), '--out', at('a'))).toMatchObject({
      code: 2,
      err: expect.stringContaining('entries in it'),
    });
  });
});

describe('uniecs data report', () => {
  it('prints the card of several files, with what stands in two of them', async () => {
    const files = ['train', 'test'].map((name) => at('catalogue', `${name}.jsonl`));
    const args = ['--items', at('catalogue', 'catalog.jsonl'), '--category', 'kind', '--json', at('card.json')];
    const { code, out } = await uniecs('data', 'report', ...files, ...args);
    expect([code, out]).toEqual([0, expect.stringContaining('| same title | 0 |')]);
    expect(out).toContain('## Categories');
    const card = JSON.parse(await readFile(at('card.json'), 'utf8'));
    expect(card.parts.map(({ pairs, products }: { pairs: number; products: number }) => [pairs, products])).toEqual([
      [30, 60],
      [1, 2],
    ]);
    const twice = await uniecs('data', 'report', files[0] as string, at('catalogue', 'catalog.jsonl'));
    expect(twice.out).toContain('| same picture file | 60 |');
  });
});
