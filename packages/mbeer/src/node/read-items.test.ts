import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { imagesOf } from '../images-of.js';
import { readItems } from './read-items.js';

let folder = '';
let written = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mbeer-items-'));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function fileOf(...lines: unknown[]): Promise<string> {
  const file = join(folder, `items-${written++}.jsonl`);
  await writeFile(file, lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'));
  return file;
}

describe('several images of an item', () => {
  it('are a list of paths; a list of one is a path', async () => {
    const file = await fileOf({ id: 1, image: ['a.jpg', 'b/c.jpg', 'd.jpg'] }, { id: 2, image: ['a.jpg'] });
    const { items, problems } = await readItems(file, { check: 'fields' });
    expect(problems).toEqual([]);
    expect(items.map(imagesOf)).toEqual([
      [join(folder, 'a.jpg'), join(folder, 'b', 'c.jpg'), join(folder, 'd.jpg')],
      [join(folder, 'a.jpg')],
    ]);
    expect(items[1]).not.toHaveProperty('moreImages');
  });

  it.each([
    ['no path at all', [], 'image must be a path or a list of 1 to 64 paths, is a list of 0'],
    ['too many', Array.from({ length: 65 }, (_, i) => `${i}.jpg`), 'image must be .* is a list of 65'],
    ['a number among them', ['a.jpg', 5], 'image\\[1\\] must be text that is not blank, is number 5'],
    ['a blank one', [' ', 'a.jpg'], 'image\\[0\\] must be text that is not blank, is text " "'],
    ['a way out', ['a.jpg', '../b.jpg'], 'image leaves the images folder: "../b.jpg"'],
    ['one twice', ['a.jpg', 'b.jpg', './a.jpg'], 'image names a picture twice: '],
  ])('are refused where the list has %s', async (_, image, reason) => {
    const { items, problems } = await readItems(await fileOf({ id: 1, title: 'x', image }), { check: 'fields' });
    expect(items).toEqual([]);
    expect(problems.map((problem) => problem.reason)).toEqual([expect.stringMatching(new RegExp(`^${reason}`))]);
  });

  it('are all looked at', async () => {
    const { problems } = await readItems(await fileOf({ id: 1, image: ['x.jpg', 'y.jpg'] }));
    expect(problems.map(({ line, reason }) => [line, reason])).toEqual([
      [1, `image is missing: ${join(folder, 'x.jpg')}`],
      [1, `image is missing: ${join(folder, 'y.jpg')}`],
    ]);
  });
});

describe('readItems', () => {
  it('reads id, title and image; every further scalar field is metadata', async () => {
    const file = await fileOf(
      '{"id":"1","title":"Red shoe","price":9.5,"sold":true,"size":null,"brand":"Nordal","__proto__":"own"}',
      { id: 2, image: 'a.jpg' },
    );
    const { items, problems, counts } = await readItems(file, { check: 'fields' });
    expect(problems).toEqual([]);
    expect(items[0]?.metadata).toEqual(
      Object.fromEntries([
        ['price', 9.5],
        ['sold', true],
        ['size', null],
        ['brand', 'Nordal'],
        ['__proto__', 'own'],
      ]),
    );
    expect(items[1]).toEqual({ id: '2', image: join(folder, 'a.jpg'), line: 2, metadata: {} });
    expect(counts).toEqual({ products: 2, both: 0, imageOnly: 1, textOnly: 1 });
  });

  it.each([
    ['a repeated id', { id: 'a', title: 'again' }, /^id repeats line 1$/],
    ['no id', { title: 'x' }, /^field id is missing$/],
    ['neither title nor image', { id: 'b', price: 1 }, /^item has neither title nor image$/],
    [
      'metadata that is no scalar',
      { id: 'b', title: 'x', tags: ['y'] },
      /^tags must be text, a number, true, false or null, is a list$/,
    ],
    ['an image out of the folder', { id: 'b', image: '../b.jpg' }, /^image leaves the images folder: /],
    ['a missing image', { id: 'b', image: 'b.jpg' }, /^image is missing: /],
  ])('says file, line and reason for %s', async (_, bad, reason) => {
    const file = await fileOf({ id: 'a', title: 'first' }, bad, { id: 'c', title: 'last' });
    const { items, problems, skipped } = await readItems(file);
    expect(problems).toEqual([{ file, line: 2, reason: expect.stringMatching(reason) }]);
    expect(items.map(({ id }) => id)).toEqual(['a', 'c']);
    expect(skipped).toBe(1);
  });
});

const myntra = resolve(import.meta.dirname, '../../../../../shared/data/myntra');

it.skipIf(!existsSync(myntra))(
  'reads the real catalogue (skipped where ../shared/data/myntra is missing)',
  async () => {
    const { items, problems, counts } = await readItems(join(myntra, 'catalog.jsonl'), { check: 'fields' });
    expect(problems).toEqual([]);
    expect(counts).toEqual({ products: 33_000, both: 33_000, imageOnly: 0, textOnly: 0 });
    expect(Object.keys(items[0]?.metadata ?? {})).toEqual([
      'masterCategory',
      'subCategory',
      'articleType',
      'baseColour',
      'usage',
    ]);
  },
);
