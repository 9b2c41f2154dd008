import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { UniecsError } from '@uniecs/tensor';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Benchmark } from '../../benchmark/benchmark.js';
import { requirePictures } from './benchmark-file.js';
import { readFashionIq } from './read-fashion-iq.js';
import { readFashion200k } from './read-fashion200k.js';

let folder: string;
let png: Buffer;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'uniecs-benchmarks-'));
  png = await sharp({ create: { width: 3, height: 2, channels: 3, background: 'red' } })
    .png()
    .toBuffer();
});
afterAll(() => rm(folder, { recursive: true }));

async function put(name: string, files: Record<string, string | Buffer>): Promise<string> {
  const root = join(folder, name);
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
  return root;
}

/** A benchmark with ids in the place of places. */
function named({ items, tasks }: Benchmark) {
  const ids = (places: Int32Array) => Array.from(places, (place) => items[place]?.id);
  return tasks.map((task) => ({
    name: task.name,
    queries: ids(task.queries),
    candidates: ids(task.candidates),
    relevant: task.relevant.map(ids),
  }));
}

const caught = (promise: Promise<unknown>): Promise<UniecsError> =>
  promise.then(
    () => {
      throw new Error('nothing was thrown');
    },
    (error) => {
      if (!UniecsError.isInstance(error)) throw error;
      return error;
    },
  );

const none = { jacket: '', pants: '', skirt: '', top: '' };
function labels(content: Record<string, string>, split = 'test'): Record<string, string> {
  const files = Object.entries({ ...none, ...content });
  return Object.fromEntries(files.map(([name, text]) => [`labels/${name}_${split}_detect_all.txt`, text]));
}
const line = (path: string, caption: string, score = '0.9') => `women/${path}\t${score}\t${caption}\n`;

describe('Fashion200K', () => {
  it('relates a caption with all images of the products that bear it, and an image with all captions of its product', async () => {
    const root = await put(
      'f200k',
      labels({
        dress:
          line('dresses/casual/11/11_0.jpeg', 'red dress') +
          line('dresses/casual/11/11_1.jpeg', 'red dress') +
          line('dresses/casual/12/12_0.jpeg', 'blue dress'),
        top: `${line('tops/shirts/30/30_0.jpeg', 'white shirt')}${line('tops/shirts/30/30_1.jpeg', 'shirt with collar')}${line('tops/t/31/31_0.jpeg', 'red dress')}`,
      }),
    );
    const read = await readFashion200k(root, { check: 'fields' });
    expect(read).toMatchObject({ file: root, problems: [], lines: 6, skipped: 0 });
    const [one, two, three, four, five, six] = [
      ...['dresses/casual/11/11_0', 'dresses/casual/11/11_1', 'dresses/casual/12/12_0'],
      ...['tops/shirts/30/30_0', 'tops/shirts/30/30_1', 'tops/t/31/31_0'],
    ].map((path) => `women/${path}.jpeg`);
    const captions = ['red dress', 'blue dress', 'white shirt', 'shirt with collar'].map((text) => `caption:${text}`);
    const [red, blue, white, collar] = captions;
    expect(named(read.benchmark)).toEqual([
      {
        ...{ name: 't->v', queries: captions, candidates: [one, two, three, four, five, six] },
        relevant: [[one, two, six], [three], [four, five], [four, five]],
      },
      {
        ...{ name: 'v->t', queries: [one, two, three, four, five, six], candidates: captions },
        relevant: [[red], [red], [blue], [white, collar], [white, collar], [red]],
      },
    ]);
    expect(read.benchmark.items[0]).toEqual({ id: one, image: join(root, one as string) });
    expect(read.benchmark.items[6]).toEqual({ id: red, title: 'red dress' });
    expect(read.benchmark.ks).toEqual([1, 5, 10]);
  });

  it('names every bad line, and reads the others', async () => {
    const root = await put(
      'f200k-bad',
      labels({
        dress: [
          'women/a/1/1_0.jpeg\t0.5\tgood one',
          'women/a/1/1_1.jpeg\t0.5',
          'women/a/1/1_1.jpeg\t0.5\t   ',
          'women/a/1/1_1.jpeg\tmuch\tsuch score',
          '../a/1/1_1.jpeg\t0.5\toutside',
          '/etc/passwd\t0.5\toutside',
          'women/a/1/1_0.jpeg\t0.5\tonce more',
          '\t0.5\twithout path',
          'women/a/1/1_1.jpeg\t0.5\ta\tb',
        ].join('\n'),
      }),
    );
    const { problems, skipped, lines, benchmark } = await readFashion200k(root, { check: 'fields' });
    const file = join(root, 'labels/dress_test_detect_all.txt');
    expect(problems.every((problem) => problem.file === file)).toBe(true);
    expect(problems.map((problem) => `${problem.line} ${problem.reason}`)).toEqual([
      '2 line is not path, detection score and caption with tabs between',
      '3 line is not path, detection score and caption with tabs between',
      '4 detection score is no number: "much"',
      '5 path leaves the images folder: "../a/1/1_1.jpeg"',
      '6 path leaves the images folder: "/etc/passwd"',
      `7 image repeats ${file}:1`,
      '8 path is blank',
      '9 line is not path, detection score and caption with tabs between',
    ]);
    expect({ skipped, lines, items: benchmark.items.length }).toEqual({ skipped: 8, lines: 9, items: 2 });
  });

  it('says which label files are missing, reads another split and fewer categories', async () => {
    const root = await put('f200k-train', labels({ dress: line('a/1/1.jpeg', 'x') }, 'train'));
    const error = await caught(readFashion200k(root));
    expect(error.code).toBe('file');
    expect(error.message).toContain(join(root, 'labels/skirt_test_detect_all.txt'));
    const train = await readFashion200k(root, { split: 'train', categories: ['dress'], check: 'fields' });
    expect(train.lines).toBe(1);
  });

  it('finds the pictures that are missing or bad, and can go on without them', async () => {
    const root = await put('f200k-pictures', {
      ...labels({ dress: line('a/1/1_0.png', 'one') + line('a/1/1_1.png', 'one') + line('a/2/2_0.png', 'two') }),
      'women/a/1/1_0.png': png,
      'women/a/2/2_0.png': 'no picture',
    });
    const read = await readFashion200k(root);
    expect(read.pictures).toMatchObject({ folder: root, expected: 3 });
    expect([...read.pictures.items.keys()]).toEqual(['women/a/1/1_1.png', 'women/a/2/2_0.png']);
    expect(() => requirePictures(read)).toThrow(
      /expected the pictures of 3 items of fashion200k in .*f200k-pictures, got 2 that are missing or bad/,
    );
    expect(named(requirePictures(read, { skipBad: true }))).toEqual([
      {
        ...{ name: 't->v', queries: ['caption:one'], candidates: ['women/a/1/1_0.png'] },
        relevant: [['women/a/1/1_0.png']],
      },
      {
        ...{ name: 'v->t', queries: ['women/a/1/1_0.png'], candidates: ['caption:one', 'caption:two'] },
        relevant: [['caption:one']],
      },
    ]);
  });
});

const triplet = (candidate: string, target: string, ...captions: string[]) => ({ target, candidate, captions });
function iq(category: string, ids: unknown, captions: unknown, split = 'val'): Record<string, string> {
  return {
    [`image_splits/split.${category}.${split}.json`]: JSON.stringify(ids),
    [`captions/cap.${category}.${split}.json`]: JSON.stringify(captions),
  };
}

describe('FashionIQ', () => {
  it('asks with reference and captions among the images of the split, by category', async () => {
    const root = await put('iq', {
      ...iq(
        'dress',
        ['B1', 'B2', 'B3'],
        [triplet('B2', 'B1', ' is red. ', 'and longer?'), triplet('B1', 'B3', '', 'blue')],
      ),
      ...iq('shirt', ['B3', 'S1'], [triplet('S1', 'B3', 'a', 'b'), triplet('S1', 'B3', 'c', 'd')]),
      'images/B1.jpg': png,
      'images/B2.PNG': png,
    });
    const read = await readFashionIq(root, { categories: ['dress', 'shirt'] });
    expect(read).toMatchObject({ problems: [], lines: 9, skipped: 0 });
    expect(named(read.benchmark)).toEqual([
      {
        ...{ name: 'vt->v dress', queries: ['dress:B2:B1', 'dress:B1:B3'], candidates: ['B1', 'B2', 'B3'] },
        relevant: [['B1'], ['B3']],
      },
      {
        ...{ name: 'vt->v shirt', queries: ['shirt:S1:B3', 'shirt:S1:B3:2'], candidates: ['B3', 'S1'] },
        relevant: [['B3'], ['B3']],
      },
    ]);
    const query = read.benchmark.items.find(({ id }) => id === 'dress:B2:B1');
    expect(query).toEqual({
      ...{ id: 'dress:B2:B1', title: 'is red and and longer', imageOf: 'B2' },
      image: join(root, 'images', 'B2.PNG'),
    });
    expect(read.benchmark.items.find(({ id }) => id === 'dress:B1:B3')?.title).toBe('blue');
    expect(read.pictures).toMatchObject({ folder: join(root, 'images'), expected: 8 });
    expect([...read.pictures.items.keys()].sort()).toEqual(['B3', 'S1', 'shirt:S1:B3', 'shirt:S1:B3:2']);
    expect(() => requirePictures(read, { skipBad: true })).toThrow(/too few are left for all of its tasks/);
  });

  it('names every bad entry, and reads the others', async () => {
    const root = await put('iq-bad', {
      ...iq(
        'dress',
        ['B1', 7, '../B2', 'B1', 'B3'],
        [
          triplet('B1', 'B3', 'good', 'one'),
          triplet('B1', 'B9', 'far', 'away'),
          { candidate: 'B1', captions: ['a', 'b'] },
          triplet('B1', 'B3', ' ', '.'),
          { ...triplet('B1', 'B3'), captions: 'text' },
          null,
          triplet('B1', 'B3', 'good', 'one'),
        ],
      ),
    });
    const { problems, skipped } = await readFashionIq(root, { categories: ['dress'], check: 'fields' });
    expect(problems.map(({ file, line: at, reason }) => `${file.slice(root.length + 1)}:${at}: ${reason}`)).toEqual([
      'image_splits/split.dress.val.json:2: image id must be text, is number 7',
      'image_splits/split.dress.val.json:3: image id is no plain name: "../B2"',
      'image_splits/split.dress.val.json:4: entry repeats entry 1',
      'captions/cap.dress.val.json:2: target is not among the images of the split: "B9"',
      'captions/cap.dress.val.json:3: target must be text, is null',
      'captions/cap.dress.val.json:4: captions are blank',
      'captions/cap.dress.val.json:5: captions must be a list of texts, is text "text"',
      'captions/cap.dress.val.json:6: entry must be an object, is null',
      'captions/cap.dress.val.json:7: entry repeats entry 1',
    ]);
    expect(skipped).toBe(9);
  });

  it('says what is wrong with a file as a whole', async () => {
    const damaged = await put('iq-damaged', {
      ...iq('dress', ['B1'], []),
      'captions/cap.dress.val.json': '[{"candidate": ',
    });
    const list = await put('iq-list', iq('dress', { B1: 1 }, []));
    const empty = await put('iq-empty', { 'captions/x': '' });
    const errors = await Promise.all(
      [damaged, list, empty].map((root) => caught(readFashionIq(root, { categories: ['dress'] }))),
    );
    expect(errors.map(({ code }) => code)).toEqual(['data', 'data', 'file']);
    expect(errors[1]?.message).toContain('to hold a list, got an object');
    expect(errors[2]?.hint).toContain('captions/ and image_splits/');
  });
});

const real = resolve(import.meta.dirname, '../../../../../../shared/data/fashion-iq');

describe.skipIf(!existsSync(real))('the real FashionIQ (skipped where ../shared/data/fashion-iq is missing)', () => {
  it('holds 6,016 queries of val over 15,536 images, of which it says that all are missing and where it looked', async () => {
    const read = await readFashionIq(real);
    expect(read.problems).toEqual([]);
    expect(read.benchmark.tasks.map(({ queries, candidates }) => [queries.length, candidates.length])).toEqual([
      [2017, 3817],
      [2038, 6346],
      [1961, 5373],
    ]);
    expect(read.pictures.items.size).toBe(read.pictures.expected);
    expect(() => requirePictures(read)).toThrow(`in ${real}, got ${read.pictures.expected} that are missing or bad`);
  }, 60_000);
});
