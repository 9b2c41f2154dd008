import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { UniecsError } from '@uniecs/tensor';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { requireValid } from './problems.js';
import { readPairs } from './read-pairs.js';
import type { ReadOptions } from './validation.js';

let root = '';
let folder = '';
let written = 0;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'mbeer-pairs-'));
  folder = join(root, 'data');
  await mkdir(join(folder, 'images', 'deep'), { recursive: true });
  const picture = sharp({ create: { width: 6, height: 8, channels: 3, background: '#a05' } });
  const jpeg = await picture.clone().jpeg().toBuffer();
  const noise = Buffer.from(Array.from({ length: 64 * 64 * 3 }, (_, i) => (i * 7919) % 251));
  const big = await sharp(noise, { raw: { width: 64, height: 64, channels: 3 } })
    .jpeg()
    .toBuffer();
  await writeFile(join(folder, 'images', 'a.jpg'), jpeg);
  await writeFile(join(folder, 'images', 'deep', 'b.png'), await picture.clone().png().toBuffer());
  await writeFile(join(folder, 'images', 'cut.jpg'), big.subarray(0, big.length >> 1));
  await writeFile(join(folder, 'images', 'text.jpg'), 'no picture');
  await writeFile(join(folder, 'images', 'empty.jpg'), '');
  await writeFile(
    join(folder, 'images', 'drawing.jpg'),
    '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>',
  );
  const rows = Buffer.from(Array.from({ length: 1200 * 900 * 3 }, (_, i) => (i * 7919) % 251));
  const large = await sharp(rows, { raw: { width: 1200, height: 900, channels: 3 } })
    .jpeg()
    .toBuffer();
  await writeFile(join(folder, 'images', 'large.jpg'), large);
  await writeFile(join(folder, 'images', 'large-cut.jpg'), large.subarray(0, (large.length * 9) / 10));
  const bomb = sharp({ create: { width: 5001, height: 5000, channels: 3, background: '#000' } });
  await writeFile(join(folder, 'images', 'bomb.png'), await bomb.png({ compressionLevel: 9 }).toBuffer());
  await writeFile(join(root, 'outside.jpg'), jpeg);
  await symlink(join(root, 'outside.jpg'), join(folder, 'images', 'link.jpg'));
  await symlink(join(folder, 'images', 'a.jpg'), join(folder, 'images', 'inner-link.jpg'));
});

afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

const good = {
  item_id_1: 'p1',
  item_title_1: 'Red shoe',
  item_image_1: 'images/a.jpg',
  item_id_2: 'p2',
  item_title_2: 'Blue shoe',
  item_image_2: 'images/deep/b.png',
  tag: 1,
};

function line(change: Record<string, unknown> = {}): string {
  return JSON.stringify({ ...good, ...change });
}

async function fileOf(content: string | Buffer): Promise<string> {
  const file = join(folder, `pairs-${written++}.jsonl`);
  await writeFile(file, content);
  return file;
}

describe('readPairs', () => {
  it('reads the authors’ fields and resolves images against the folder of the file', async () => {
    const file = await fileOf(`${line()}\n`);
    expect(await readPairs(file)).toEqual({
      file,
      pairs: [
        {
          line: 1,
          item1: { id: 'p1', title: 'Red shoe', image: join(folder, 'images/a.jpg') },
          item2: { id: 'p2', title: 'Blue shoe', image: join(folder, 'images/deep/b.png') },
          tag: 1,
        },
      ],
      problems: [],
      lines: 1,
      skipped: 0,
      counts: {
        products: 2,
        item1: { both: 1, imageOnly: 0, textOnly: 0 },
        item2: { both: 1, imageOnly: 0, textOnly: 0 },
      },
    });
  });

  it('resolves images against another folder when told', async () => {
    const file = await fileOf(line({ item_image_1: 'a.jpg', item_image_2: 'deep/../deep/b.png' }));
    const { pairs, problems } = await readPairs(file, { images: join(folder, 'images') });
    expect(problems).toEqual([]);
    expect(pairs[0]?.item2.image).toBe(join(folder, 'images/deep/b.png'));
  });

  it('accepts a large picture', async () => {
    expect((await readPairs(await fileOf(line({ item_image_1: 'images/large.jpg' })))).problems).toEqual([]);
  });

  it('lets an item lack its title or its image (absent, null or blank) and counts what there is', async () => {
    const { item_title_1: _, ...untitled } = good;
    const file = await fileOf(
      [
        JSON.stringify(untitled),
        line({ item_id_1: 'p3', item_image_1: null, item_image_2: '' }),
        line({ item_id_1: 'p4', item_title_1: ' \t', item_title_2: null }),
      ].join('\n'),
    );
    const { pairs, problems, counts } = await readPairs(file);
    expect(problems).toEqual([]);
    expect(pairs[0]?.item1).toEqual({ id: 'p1', image: join(folder, 'images/a.jpg') });
    expect(pairs[1]?.item2).toEqual({ id: 'p2', title: 'Blue shoe' });
    expect(counts).toEqual({
      products: 4,
      item1: { both: 0, imageOnly: 2, textOnly: 1 },
      item2: { both: 1, imageOnly: 1, textOnly: 1 },
    });
  });

  it('takes whole numbers as ids and ignores fields that it does not know', async () => {
    const { pairs } = await readPairs(await fileOf(line({ item_id_1: 15970, colour: 'red' })));
    expect(pairs[0]?.item1.id).toBe('15970');
    expect(Object.keys(pairs[0] ?? {})).toEqual(['line', 'item1', 'item2', 'tag']);
  });

  const bad: [string, string, RegExp][] = [
    ['no JSON', '{"item_id_1": "p1",', /^line is no JSON: /],
    ['a list', '[1, 2]', /^line must be a JSON object, is a list$/],
    ['null', 'null', /^line must be a JSON object, is null$/],
    ['two objects', `${line()}${line()}`, /^line is no JSON: /],
    ['a field twice', line().replace('{', '{"tag":1,'), /^field "tag" is there twice$/],
    ['no id', line({ item_id_2: undefined }), /^field item_id_2 is missing$/],
    [
      'a blank id',
      line({ item_id_1: ' ' }),
      /^item_id_1 must be text that is not blank, or a whole number, is text " "$/,
    ],
    ['null as id', line({ item_id_1: null }), /^item_id_1 must be .* is null$/],
    ['a fraction as id', line({ item_id_1: 1.5 }), /^item_id_1 must be .* is number 1.5$/],
    ['an id beyond exact numbers', line().replace('"p1"', '90071992547409931'), /^item_id_1 must be /],
    ['a number as title', line({ item_title_1: 7 }), /^item_title_1 must be text, is number 7$/],
    ['an object as image', line({ item_image_2: {} }), /^item_image_2 must be text, is an object$/],
    [
      'neither title nor image',
      line({ item_title_2: null, item_image_2: '' }),
      /^item has neither item_title_2 nor item_image_2$/,
    ],
    ['no tag', line({ tag: undefined }), /^field tag is missing$/],
    ['text as tag', line({ tag: '1' }), /^tag must be a number, is text "1"$/],
    [
      'a path out of the folder',
      line({ item_image_1: '../outside.jpg' }),
      /^item_image_1 leaves the images folder: "..\/outside.jpg"$/,
    ],
    [
      'a path out of the folder by a detour',
      line({ item_image_1: 'images/../../outside.jpg' }),
      /^item_image_1 leaves the images folder/,
    ],
    ['an absolute path', line({ item_image_1: '/etc/passwd' }), /^item_image_1 leaves the images folder/],
    ['a path of another system', line({ item_image_1: 'C:\\a.jpg' }), /^item_image_1 leaves the images folder/],
    ['a NUL in the path', line({ item_image_1: 'images/a.jpg\0' }), /^item_image_1 leaves the images folder/],
    ['a missing image', line({ item_image_2: 'images/none.jpg' }), /^image is missing: .*images\/none.jpg$/],
    ['a path through a file', line({ item_image_2: 'images/a.jpg/b.jpg' }), /^image is missing: /],
    ['a folder as image', line({ item_image_2: 'images' }), /^image is not a file: /],
    [
      'a symbolic link out',
      line({ item_image_1: 'images/link.jpg' }),
      /^image leaves the images folder through a symbolic link: /,
    ],
    ['a text as image', line({ item_image_1: 'images/text.jpg' }), /^image is unreadable \(.+\): .*text.jpg$/],
    ['an empty image', line({ item_image_1: 'images/empty.jpg' }), /^image is unreadable \(.+\): .*empty.jpg$/],
    ['an image cut off', line({ item_image_1: 'images/cut.jpg' }), /^image is unreadable \(.+\): .*cut.jpg$/],
    [
      'a drawing',
      line({ item_image_1: 'images/drawing.jpg' }),
      /^image is svg, not JPEG, PNG, WebP, GIF, AVIF or TIFF: /,
    ],
    [
      'more than 25 million pixels',
      line({ item_image_1: 'images/bomb.png' }),
      /^image has 5001 x 5000 pixels, more than 25 million: /,
    ],
    ['a line too long for memory', line({ item_title_1: 'x'.repeat(1 << 20) }), /^line is longer than 1048576 bytes$/],
  ];

  it.each(bad)('says file, line and reason for %s, and keeps the lines around it', async (_, text, reason) => {
    const file = await fileOf(`${line({ item_id_1: 'before' })}\n${text}\n${line({ item_id_1: 'after' })}\n`);
    const { pairs, problems, skipped, lines } = await readPairs(file);
    expect(problems).toEqual([{ file, line: 2, reason: expect.stringMatching(reason) }]);
    expect(pairs.map(({ line, item1 }) => [line, item1.id])).toEqual([
      [1, 'before'],
      [3, 'after'],
    ]);
    expect([skipped, lines]).toEqual([1, 3]);
  });

  it('has a decoder that is given decode each good file once, and its errors are the problems', async () => {
    const asked: string[] = [];
    const decode: ReadOptions['decode'] = async (paths, { onProgress }) => {
      asked.push(...paths);
      onProgress?.({ done: paths.length, total: paths.length });
      const cause = { code: 'data', where: 'decode', expected: 'a picture', got: 'text', hint: 'none' } as const;
      return new Map<string, Error>([
        [join(folder, 'images/text.jpg'), new UniecsError({ ...cause, details: { reason: 'no picture' } })],
        [join(folder, 'images/cut.jpg'), new Error('cut off')],
      ]);
    };
    const file = await fileOf(
      [
        line(),
        line({ item_id_1: 'p3', item_image_1: 'images/text.jpg' }),
        line({ item_id_1: 'p4', item_image_1: 'images/link.jpg' }),
        line({ item_id_1: 'p5', item_image_1: 'images/none.jpg' }),
        line({ item_id_1: 'p6', item_image_1: 'images/cut.jpg' }),
      ].join('\n'),
    );
    const told: number[] = [];
    const { problems, pairs } = await readPairs(file, { decode, onProgress: ({ done }) => told.push(done) });
    expect(asked).toEqual(['a.jpg', 'deep/b.png', 'text.jpg', 'cut.jpg'].map((name) => join(folder, 'images', name)));
    expect(problems.map(({ line, reason }) => [line, reason.replace(folder, '')])).toEqual([
      [2, 'image is unreadable (no picture): /images/text.jpg'],
      [3, 'image leaves the images folder through a symbolic link: /images/link.jpg'],
      [4, 'image is missing: /images/none.jpg'],
      [5, 'image is unreadable (cut off): /images/cut.jpg'],
    ]);
    expect(pairs).toHaveLength(1);
    expect(told).toEqual([4]);
  });

  it('lists every problem of a file, several of one line too, in the order of the lines', async () => {
    const file = await fileOf(
      [
        line({ item_image_1: 'images/none.jpg', item_image_2: 'images/text.jpg' }),
        '{',
        line({ item_id_1: undefined, item_title_2: 3, item_image_2: '../x', tag: null }),
      ].join('\n'),
    );
    const { problems, skipped } = await readPairs(file);
    expect(problems.map(({ line }) => line)).toEqual([1, 1, 2, 3, 3, 3, 3]);
    expect(skipped).toBe(3);
  });

  it('says on which line a repeated pair was first; the reverse and the same id in another pair repeat nothing', async () => {
    const reverse = line({ item_id_1: 'p2', item_id_2: 'p1' });
    const file = await fileOf([line(), reverse, line({ item_id_2: 'p3' }), line(), line({ tag: 2 })].join('\n'));
    const { pairs, problems } = await readPairs(file);
    expect(problems).toEqual([
      { file, line: 4, reason: 'pair repeats line 1' },
      { file, line: 5, reason: 'pair repeats line 1' },
    ]);
    expect(pairs.map(({ line }) => line)).toEqual([1, 2, 3]);
  });

  it('finds no ids equal that only look so when joined', async () => {
    const file = await fileOf(
      [line({ item_id_1: 'a","b', item_id_2: 'c' }), line({ item_id_1: 'a', item_id_2: 'b","c' })].join('\n'),
    );
    expect((await readPairs(file)).problems).toEqual([]);
  });

  it('looks at no picture when only the fields are checked, but still lets no path leave the folder', async () => {
    const file = await fileOf(
      [line({ item_image_1: 'images/none.jpg' }), line({ item_id_1: 'x', item_image_1: '../x.jpg' })].join('\n'),
    );
    const { problems } = await readPairs(file, { check: 'fields' });
    expect(problems).toEqual([{ file, line: 2, reason: 'item_image_1 leaves the images folder: "../x.jpg"' }]);
  });

  it('follows a symbolic link that stays in the folder, and a folder that is itself a link', async () => {
    const linked = join(root, 'linked');
    await symlink(folder, linked);
    const file = await fileOf(line({ item_image_1: 'images/inner-link.jpg' }));
    expect((await readPairs(file, { images: linked })).problems).toEqual([]);
  });

  it('sees a picture that was repaired since the last look', async () => {
    const picture = join(folder, 'images', 'later.jpg');
    const file = await fileOf(line({ item_image_1: 'images/later.jpg' }));
    await writeFile(picture, 'not yet');
    expect((await readPairs(file)).problems).toHaveLength(1);
    await sharp({ create: { width: 6, height: 8, channels: 3, background: '#050' } })
      .jpeg()
      .toFile(picture);
    expect((await readPairs(file)).problems).toEqual([]);
  });

  it('bears a byte-order mark, CRLF, blank lines, no last line end, and Unicode line separators in titles', async () => {
    const title = 'one\u2028two\u2029three\u0085four 鞋 👟';
    const content = `\uFEFF${line({ item_title_1: title })}\r\n\r\n \n${line({ item_id_1: 'p9' })}\r\n${line({ item_id_1: 'p8' })}`;
    const { pairs, problems, lines } = await readPairs(await fileOf(content));
    expect(problems).toEqual([]);
    expect(pairs.map(({ line }) => line)).toEqual([1, 4, 5]);
    expect(pairs[0]?.item1.title).toBe(title);
    expect(lines).toBe(3);
  });

  it('reports a line that is no UTF-8 instead of replacing characters', async () => {
    const [head, tail] = line({ item_title_1: '#' }).split('#') as [string, string];
    const latin1 = Buffer.concat([Buffer.from(head), Buffer.from([0xe9]), Buffer.from(tail)]);
    const file = await fileOf(Buffer.concat([latin1, Buffer.from(`\n${line()}\n`)]));
    const { problems, pairs } = await readPairs(file);
    expect(problems).toEqual([{ file, line: 1, reason: 'line is not valid UTF-8' }]);
    expect(pairs).toHaveLength(1);
  });

  it('lets no control character of a bad line through to a terminal', async () => {
    const { problems } = await readPairs(await fileOf('\u001b[31m{red\n'));
    expect(problems[0]?.reason).toMatch(/\\u001b/);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    expect(problems[0]?.reason).not.toMatch(/[\u0000-\u001f]/);
  });

  it('reads 100,000 lines, across the boundaries of the chunks, in their order', async () => {
    const content = Array.from({ length: 100_000 }, (_, i) => line({ item_id_1: `q${i}`, item_title_1: `鞋 ${i}` }));
    const { pairs, problems } = await readPairs(await fileOf(content.join('\n')), { check: 'fields' });
    expect(problems).toEqual([]);
    expect(pairs.length).toBe(100_000);
    expect(pairs.findIndex(({ line, item1 }, i) => line !== i + 1 || item1.title !== `鞋 ${i}`)).toBe(-1);
  }, 30_000);

  it('finds something to complain about, or reads the same pairs, whatever byte of a file is changed', async () => {
    const content = Buffer.from(`${line()}\n${line({ item_id_1: 'p7', item_image_2: null })}\n`);
    const expected = (await readPairs(await fileOf(content), { check: 'fields' })).pairs;
    for (let at = 0; at < content.length; at++) {
      const mutated = Buffer.from(content);
      mutated[at] = [0x00, 0x22, 0x0a, 0x7b, 0xff][at % 5] as number;
      const { pairs, problems, lines, skipped } = await readPairs(await fileOf(mutated), { check: 'fields' });
      expect(pairs.length + skipped).toBe(lines);
      expect(problems.length > 0 || pairs.length === expected.length).toBe(true);
    }
  });

  it('reports progress over the distinct pictures', async () => {
    const seen: string[] = [];
    const file = await fileOf([line(), line({ item_id_1: 'p5', item_image_1: 'images/inner-link.jpg' })].join('\n'));
    await readPairs(file, { onProgress: ({ done, total }) => seen.push(`${done}/${total}`) });
    expect(seen).toEqual(['1/3', '2/3', '3/3']);
  });

  it('throws code file for a file or an images folder that is not there', async () => {
    await expect(readPairs(join(folder, 'none.jsonl'))).rejects.toMatchObject({ code: 'file', where: 'readPairs' });
    await expect(readPairs(folder)).rejects.toMatchObject({ code: 'file' });
    const file = await fileOf(line());
    await expect(readPairs(file, { images: join(folder, 'none') })).rejects.toMatchObject({ code: 'file' });
    await expect(readPairs(file, { images: file })).rejects.toMatchObject({ code: 'file' });
  });

  it('throws code argument for an option that would check nothing', async () => {
    const file = await fileOf(line());
    await expect(readPairs(file, { concurrency: 0 })).rejects.toMatchObject({ code: 'argument' });
    await expect(readPairs(file, { check: 'image' as 'images' })).rejects.toMatchObject({ code: 'argument' });
  });

  it('stops when the signal fires', async () => {
    const file = await fileOf(line());
    await expect(readPairs(file, { signal: AbortSignal.abort() })).rejects.toMatchObject({ code: 'interrupted' });
  });
});

describe('requireValid', () => {
  const problem = (line: number) => ({ file: 'a.jsonl', line, reason: `reason ${line}` });
  const read = (problems: number, lines: number) => ({
    file: 'a.jsonl',
    problems: Array.from({ length: problems }, (_, i) => problem(i + 1)),
    lines,
    skipped: problems,
  });

  it('returns what is fine', () => {
    const fine = read(0, 3);
    expect(requireValid(fine)).toBe(fine);
  });

  it('names the first problems and their total, and carries all of them', () => {
    let thrown: unknown;
    try {
      requireValid(read(7, 9));
    } catch (error) {
      thrown = error;
    }
    if (!UniecsError.isInstance(thrown)) throw new Error('nothing was thrown');
    expect(thrown.code).toBe('data');
    expect(thrown.message).toBe(
      'requireValid: expected a.jsonl to be without problems, got 7 in 7 of its 9 lines (a.jsonl:1: reason 1; a.jsonl:2: reason 2; a.jsonl:3: reason 3; a.jsonl:4: reason 4; a.jsonl:5: reason 5; and 2 more); correct those lines, or skip them explicitly',
    );
    expect(thrown.details.problems).toHaveLength(7);
  });

  it('lets bad lines pass when told, but never an empty rest', () => {
    expect(requireValid(read(7, 9), { skipBad: true }).skipped).toBe(7);
    expect(() => requireValid(read(3, 3), { skipBad: true })).toThrow(
      /at least one good line in a.jsonl, got none of 3/,
    );
    expect(() => requireValid(read(0, 0))).toThrow(/got an empty file/);
  });
});

const myntra = resolve(import.meta.dirname, '../../../../../shared/data/myntra');

describe.skipIf(!existsSync(myntra))('the real pair files (skipped where ../shared/data/myntra is missing)', () => {
  it.each([
    ['train', 9000],
    ['val', 1000],
    ['test', 2000],
  ])('%s.jsonl holds %i pairs of distinct products without a problem', async (split, count) => {
    const { pairs, problems, counts } = await readPairs(join(myntra, `${split}.jsonl`), { check: 'fields' });
    expect(problems).toEqual([]);
    expect(pairs.length).toBe(count);
    const all = { both: count, imageOnly: 0, textOnly: 0 };
    expect(counts).toEqual({ products: 2 * count, item1: all, item2: all });
  });

  it('every picture of val.jsonl decodes', async () => {
    expect((await readPairs(join(myntra, 'val.jsonl'))).problems).toEqual([]);
  }, 60_000);
});
