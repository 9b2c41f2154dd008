import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readContent } from '@uniecs/tensor/node';
import sharp from 'sharp';
import { Header, Pax } from 'tar';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { imagesOf } from '../../images-of.js';
import { readItems } from '../read-items.js';
import { readPairs } from '../read-pairs.js';
import { shardFiles } from './shard-files.js';
import { type TarMember, tarMembers } from './tar-members.js';
import { itemSample, pairSample, writeShards } from './write-shards.js';

let folder: string;
const at = (...parts: string[]) => join(folder, ...parts);
const hasTar = (() => {
  try {
    return execFileSync('tar', ['--version'], { encoding: 'utf8' }).includes('GNU tar');
  } catch {
    return false;
  }
})();

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'uniecs-shards-'));
  await mkdir(at('images'));
  for (let i = 0; i < 7; i++) await writeFile(at('images', `${i}.jpg`), await picture(i));
});
afterAll(() => rm(folder, { recursive: true }));

function picture(i: number): Promise<Buffer> {
  const square = sharp({ create: { width: 3 + i, height: 2, channels: 3, background: { r: 40 * i, g: 9, b: 200 } } });
  return (i % 2 === 0 ? square.jpeg() : square.png()).toBuffer();
}

/** A member as it stands in a tar. */
function member(path: string, content: Buffer | string = '', more: ConstructorParameters<typeof Header>[0] = {}) {
  const bytes = Buffer.from(content);
  const head = Buffer.alloc(512);
  new Header({ path, size: bytes.length, mode: 0o644, type: 'File', ...more }).encode(head);
  return Buffer.concat([head, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
}
const end = Buffer.alloc(1024);

async function membersOf(file: string): Promise<TarMember[]> {
  const found: TarMember[] = [];
  for await (const one of tarMembers(file)) found.push(one);
  return found;
}

async function write(name: string, ...parts: (Buffer | string)[]): Promise<string> {
  await writeFile(at(name), Buffer.concat(parts.map((part) => Buffer.from(part))));
  return at(name);
}
const contentOf = async (file: string, { offset, size }: TarMember) =>
  (await readFile(file)).subarray(offset, offset + size);

describe('the members of a tar', () => {
  it('are its files with the places of their contents, whatever their sizes', async () => {
    const sizes = [0, 1, 511, 512, 513, 70_001];
    const contents = sizes.map((size) => Buffer.alloc(size, `${size} `));
    const file = await write('sizes.tar', ...contents.map((content, i) => member(`${i}/x.${i}`, content)), end);
    const found = await membersOf(file);
    expect(found.map(({ name }) => name)).toEqual(sizes.map((_, i) => `${i}/x.${i}`));
    for (const [i, one] of found.entries()) expect(await contentOf(file, one)).toEqual(contents[i]);
  });

  it.skipIf(!hasTar).each(['ustar', 'gnu', 'pax'])(
    'are those that GNU tar wrote as %s, long names and all',
    async (form) => {
      const inside = [
        'a.json',
        'b/c.1.jpg',
        `${'long/'.repeat(30)}name.json`,
        `${'x'.repeat(form === 'ustar' ? 90 : 200)}.json`,
      ];
      const root = at(`tree-${form}`);
      for (const name of inside) {
        await mkdir(join(root, name, '..'), { recursive: true });
        await writeFile(join(root, name), `${name} holds this`);
      }
      const file = at(`${form}.tar`);
      execFileSync('tar', [`--format=${form}`, '-cf', file, '-C', root, '.']);
      const found = await membersOf(file);
      expect(found.map(({ name }) => name).sort()).toEqual([...inside].sort());
      for (const one of found) expect((await contentOf(file, one)).toString()).toBe(`${one.name} holds this`);
    },
  );

  it('have the name and size that a pax header says', async () => {
    const pax = Buffer.from(new Pax({ path: 'täglich/ü.json', size: 4 }).encode());
    const file = await write('pax.tar', pax, member('short', 'abcd', { size: 0 }), end);
    expect(await membersOf(file)).toMatchObject([{ name: 'täglich/ü.json', size: 4 }]);
  });

  const many = member('a.json', 'x');
  it.each<[string, () => (Buffer | string)[], RegExp]>([
    ['nothing', () => [], /its end without the zeros/],
    ['a cut at a member', () => [many], /its end without the zeros/],
    ['a cut in a content', () => [member('a', Buffer.alloc(5000)).subarray(0, 3000)], /5000 bytes in a file of 3000/],
    ['a cut in a header', () => [many, many.subarray(0, 100)], /100 bytes of a header/],
    [
      'a changed header',
      () => [Buffer.concat([Buffer.from('b'), many.subarray(1)]), end],
      /no header, or a damaged one/,
    ],
    ['text', () => ['x'.repeat(2000)], /no header, or a damaged one/],
    ['a gzip', () => [Buffer.from([0x1f, 0x8b, 8]), Buffer.alloc(2000, 7)], /a gzip: unpack it/],
    ['a way out', () => [member('../a.json'), end], /a member named "\.\.\/a\.json"/],
    ['a way out in the middle', () => [member('a/../../b'), end], /a member named/],
    ['an absolute name', () => [member('/etc/passwd'), end], /a member named "\/etc\/passwd"/],
    ['a drive', () => [member('C:/x'), end], /a member named/],
    ['a backslash', () => [member('a\\\\b'), end], /a member named/],
    ['a symbolic link', () => [member('a', '', { type: 'SymbolicLink', linkpath: '/etc' }), end], /but SymbolicLink/],
    ['a hard link', () => [member('a', '', { type: 'Link', linkpath: 'b' }), end], /but Link/],
    ['a device', () => [member('a', '', { type: 'CharacterDevice' }), end], /but CharacterDevice/],
    ['a size beyond the file', () => [member('a', '', { size: 2 ** 40 }), end], /a member of 1099511627776 bytes/],
    [
      'a long name of megabytes',
      () => [member('a', Buffer.alloc(1 << 20), { type: 'NextFileHasLongPath' }), end],
      /of 1048576/,
    ],
    [
      'a pax header whose length is wrong',
      () => [member('a', '14 size=-512\n', { type: 'ExtendedHeader' }), many, end],
      /a damaged extended/,
    ],
    [
      'a pax size that is none',
      () => [member('a', '13 size=-512\n', { type: 'ExtendedHeader' }), many, end],
      /a member of NaN bytes/,
    ],
    ['a sparse file', () => [member('a', '22 GNU.sparse.major=1\n', { type: 'ExtendedHeader' }), many, end], /sparse/],
  ])('are refused in a file with %s', async (_, parts, said) => {
    const refused = membersOf(await write('bad.tar', ...parts()));
    await expect(refused).rejects.toMatchObject({
      name: 'UniecsError',
      code: 'data',
      message: expect.stringMatching(said),
    });
  });

  it('are none of a folder or of what is not there', async () => {
    for (const file of [at('images'), at('none.tar')]) {
      await expect(membersOf(file)).rejects.toMatchObject({ code: 'file', where: 'readShards' });
    }
  });
});

describe('shards', () => {
  it('are a tar, those of a folder, or those of a pattern', async () => {
    await mkdir(at('set'));
    for (const name of ['b.tar', 'a.tar', 'note.txt']) await writeFile(at('set', name), end);
    expect(await shardFiles(at('set'))).toEqual([at('set', 'a.tar'), at('set', 'b.tar')]);
    expect(await shardFiles(at('x.TAR'))).toEqual([at('x.TAR')]);
    expect(await shardFiles(at('t-{008..011}.tar'))).toEqual(['008', '009', '010', '011'].map((n) => at(`t-${n}.tar`)));
    for (const other of [at('images'), at('x.jsonl'), at('x.tar.gz')]) expect(await shardFiles(other)).toBeUndefined();
    await expect(shardFiles('t-{5..3}.tar')).rejects.toMatchObject({ code: 'argument' });
    await expect(shardFiles('t-{0..999999999}.tar')).rejects.toMatchObject({ code: 'argument' });
  });

  /** A pair file of seven pairs; every third has no first image, every second several second ones. */
  async function pairFile(): Promise<string> {
    const lines = Array.from({ length: 7 }, (_, i) => ({
      ...{ item_id_1: `a${i}`, item_title_1: `title ${i}`, item_id_2: `b${i}`, tag: 1 },
      ...(i % 3 === 2 ? {} : { item_image_1: `images/${i}.jpg` }),
      item_image_2: i % 2 === 0 ? [`images/${i}.jpg`, `images/${(i + 1) % 7}.jpg`] : `images/${i}.jpg`,
    }));
    await writeFile(at('pairs.jsonl'), lines.map((line) => JSON.stringify(line)).join('\n'));
    return at('pairs.jsonl');
  }
  /** Items by what is in their pictures. */
  const shown = (items: readonly { readonly id: string; readonly title?: string }[]) =>
    Promise.all(
      items.map(async (item) => ({
        ...{ id: item.id, title: item.title },
        pictures: await Promise.all(imagesOf(item).map(async (path) => (await readContent(path)).toString('base64'))),
      })),
    );

  it('give the pairs that they were written from, pictures and all, in their order', async () => {
    const { pairs } = await readPairs(await pairFile());
    await mkdir(at('pairs'));
    const options = { folder: at('pairs'), name: 'train', perShard: 3 };
    const shards = await writeShards(pairs.map(pairSample), options);
    expect(shards).toEqual([0, 1, 2].map((n) => at('pairs', `train-00000${n}.tar`)));
    for (const path of [at('pairs'), at('pairs', 'train-{000000..000002}.tar')]) {
      const found = await readPairs(path);
      expect(found.problems).toEqual([]);
      expect(found.lines).toBe(7);
      expect(found.pairs.map(({ line, tag }) => [line, tag])).toEqual(pairs.map(({ line, tag }) => [line, tag]));
      for (const side of ['item1', 'item2'] as const) {
        expect(await shown(found.pairs.map((pair) => pair[side]))).toEqual(
          await shown(pairs.map((pair) => pair[side])),
        );
      }
    }
    await mkdir(at('again'));
    const [again] = await writeShards(pairs.map(pairSample), { ...options, folder: at('again') });
    expect(await readFile(again as string)).toEqual(await readFile(shards[0] as string));
    if (hasTar) {
      const listed = execFileSync('tar', ['-tf', shards[0] as string], { encoding: 'utf8' })
        .trim()
        .split('\n');
      expect(listed.slice(0, 4)).toEqual([
        '000000000.json',
        '000000000.1.jpg',
        '000000000.2.0.jpg',
        '000000000.2.1.png',
      ]);
    }
  });

  it('give the items that they were written from, with their metadata', async () => {
    const lines = [0, 1].map((i) => ({ id: i, title: `t ${i}`, image: `images/${i}.jpg`, price: i, kind: null }));
    await writeFile(at('items.jsonl'), lines.map((line) => JSON.stringify(line)).join('\n'));
    const { items } = await readItems(at('items.jsonl'));
    await mkdir(at('items'));
    await writeShards(items.map(itemSample), { folder: at('items'), name: 'items' });
    const found = await readItems(at('items'));
    expect(found.problems).toEqual([]);
    expect(found.items.map(({ metadata }) => metadata)).toEqual(items.map(({ metadata }) => metadata));
    expect(await shown(found.items)).toEqual(await shown(items));
  });

  it('may name pictures in their json, and say what is wrong with a sample by its shard and key', async () => {
    const [good, other] = [await picture(0), await picture(1)];
    const json = (fields: object) => JSON.stringify({ id: 'x', title: 'x', ...fields });
    const file = await write(
      'named.tar',
      ...[
        member('a.json', json({ id: 'a', image: ['b.png', 'a.jpg'] })),
        member('a.jpg', good),
        member('b.png', other),
      ],
      member('b.json', json({ id: 'b', image: null })),
      ...[member('c.json', json({ id: 'c', image: 'd.jpg' })), member('e.jpg', good), member('f.json', 'no json')],
      ...[member('g.json', json({ id: 'g' })), member('g.json', json({ id: 'g' }))],
      ...[member('h.json', Buffer.from([0xff, 0xfe])), member('i.json', Buffer.alloc((1 << 20) + 1, ' '))],
      ...[member('k.json', json({ id: 'k' })), member('k.jpg', good.subarray(0, 40)), end],
    );
    const { items, problems } = await readItems(file);
    expect(items.map(({ id, ...item }) => [id, imagesOf({ id, ...item }).length])).toEqual([
      ['a', 2],
      ['b', 0],
    ]);
    expect(problems.map(({ file: inFile, line, reason }) => [inFile === file, line, reason])).toEqual([
      [true, 3, 'sample c: image is no member of the shard: "d.jpg"'],
      [true, 4, 'sample e: e.json is missing'],
      [true, 5, expect.stringMatching(/^sample f: line is no JSON: /)],
      [true, 6, 'sample g: g.json is there twice'],
      [true, 7, 'sample h: h.json is not valid UTF-8'],
      [true, 8, 'sample i: i.json is longer than 1048576 bytes'],
      [true, 9, expect.stringMatching(/^sample k: image is unreadable .*part:\d+\+40:/)],
    ]);
  });

  it('take no picture from outside, whatever a sample names', async () => {
    await writeFile(at('secret.jpg'), await picture(0));
    await symlink(at('secret.jpg'), at('link.jpg')).catch(() => {});
    for (const image of ['../secret.jpg', at('secret.jpg'), `part:0+10:${at('secret.jpg')}`, 'link.jpg']) {
      const file = await write('outside.tar', member('a.json', JSON.stringify({ id: 'a', title: 'a', image })), end);
      const { items, problems } = await readItems(file);
      expect(items).toEqual([]);
      expect(problems[0]?.reason).toMatch(/is no member of the shard/);
    }
  });
});
