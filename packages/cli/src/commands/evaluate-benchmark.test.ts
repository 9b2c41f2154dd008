import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { seededRandom } from '@uniecs/tensor';
import { writeSafetensors } from '@uniecs/tensor/node';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { run } from '../run.js';

// Seconds alone, more beside other tests on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const width = 3;
let folder: string;
const at = (...parts: string[]) => join(folder, ...parts);

async function put(path: string, content: string) {
  await mkdir(dirname(at(path)), { recursive: true });
  await writeFile(at(path), content);
}

async function uniecs(...flags: string[]) {
  const [out, err]: [string[], string[]] = [[], []];
  const stream = (texts: string[]) => ({ write: (text: string) => void texts.push(text) });
  const io = { stdout: stream(out), stderr: stream(err), signal: new AbortController().signal };
  const code = await run(['eval', ...flags], io);
  return { code, out: out.join(''), err: err.join('') };
}

/** Image vectors of items, and text or fused vectors, of norm 1, all drawn by name. */
async function vectors(
  file: string,
  ids: readonly string[],
  views: readonly string[],
  same: Record<string, string> = {},
) {
  const of = (view: string) => {
    const rows = ids.map((id) => {
      const random = seededRandom(same[id] ?? `${view} ${id}`);
      const row = Array.from({ length: width }, () => random.normal());
      return row.map((value) => value / Math.hypot(...row));
    });
    return { dtype: 'F32' as const, shape: [ids.length, width], data: Float32Array.from(rows.flat()) };
  };
  await writeSafetensors(at(file), new Map(views.map((view) => [view, of(view)])), { ids: JSON.stringify(ids) });
  return at(file);
}

const asins = ['B1', 'B2', 'B3', 'B4', 'B5', 'B6'];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'uniecs-evaluate-benchmark-'));
  for (const category of ['dress', 'shirt', 'toptee']) {
    await put(`iq/image_splits/split.${category}.val.json`, JSON.stringify(asins));
    const captions = [{ candidate: 'B1', target: 'B2', captions: [`${category} in red`, 'longer'] }];
    await put(`iq/captions/cap.${category}.val.json`, JSON.stringify(captions));
  }
  for (const category of ['dress', 'jacket', 'pants', 'skirt', 'top']) {
    const lines = [0, 1].map((i) => `women/${category}/7/7_${i}.jpeg\t0.9\ta ${category}\n`);
    await put(`f200k/labels/${category}_test_detect_all.txt`, lines.join(''));
  }
});
afterAll(() => rm(folder, { recursive: true }));

const queries = ['dress:B1:B2', 'shirt:B1:B2', 'toptee:B1:B2'];

describe('uniecs eval --dataset', () => {
  it('fashioniq: judges embeddings of queries and images by category, and the mean', async () => {
    // The query of dress has its target's vector; that of shirt its reference's.
    const same = { 'dress:B1:B2': 'image B2', 'shirt:B1:B2': 'image B1', B1: 'image B1', B2: 'image B2' };
    const file = await vectors('iq.safetensors', [...queries, ...asins], ['fused', 'image'], same);
    const flags = ['--embeddings', file, '--pairs', at('iq'), '--dataset', 'fashioniq', '--json', at('iq.json')];
    const { code, out, err } = await uniecs(...flags);
    expect(code, err).toBe(0);
    expect(out).toMatch(/^fashioniq +R@1 +R@5 +R@10 +R@50 +queries +candidates +relevant$/m);
    expect(out).toMatch(/^vt->v dress +1\.000 +1\.000 +1\.000 +1\.000 +1 +6 +1$/m);
    const report = JSON.parse(await readFile(at('iq.json'), 'utf8'));
    expect(report).toMatchObject({ version: 1, dataset: 'fashioniq', pairs: 3 });
    expect(report.tasks['vt->v shirt']['R@1']).toBe(0);
    const top = Object.values<Record<string, number>>(report.tasks).map((row) => row['R@5'] as number);
    expect(report.mean['R@5']).toBeCloseTo(top.reduce((sum, value) => sum + value, 0) / 3, 12);
  });

  it('fashioniq: fuses the words of a query with the vector of its reference image', async () => {
    const file = await vectors('sum.safetensors', [...queries, ...asins], ['image', 'text']);
    const flags = ['--pairs', at('iq'), '--dataset', 'fashioniq', '--embeddings', file];
    const alone = await uniecs(...flags);
    expect(alone.code).toBe(2);
    expect(alone.err).toContain('vectors for vt->v dress, vt->v shirt, vt->v toptee, got those of image and text');
    const { code, err } = await uniecs(...flags, '--fuse', 'sum');
    expect(code, err).toBe(0);
  });

  it('fashion200k: both tasks, recall@K beside hit@K where a caption has several images', async () => {
    const paths = ['dress', 'jacket', 'pants', 'skirt', 'top'].flatMap((category) =>
      [0, 1].map((i) => `women/${category}/7/7_${i}.jpeg`),
    );
    const captions = ['dress', 'jacket', 'pants', 'skirt', 'top'].map((category) => `caption:a ${category}`);
    const file = await vectors('f200k.safetensors', [...paths, ...captions], ['image', 'text']);
    const flags = ['--embeddings', file, '--pairs', at('f200k'), '--dataset', 'fashion200k'];
    const { code, out, err } = await uniecs(...flags);
    expect(code, err).toBe(0);
    expect(out).toMatch(/^t->v .* 5 +10 +2$/m);
    expect(out).toMatch(/^v->t .* 10 +5 +1$/m);
    expect(out).toContain('recall@10');
    const fewer = await vectors('fewer.safetensors', paths, ['image', 'text']);
    const missing = await uniecs(...flags.with(1, fewer));
    expect(missing.code).toBe(2);
    expect(missing.err).toContain("got none for 5 ('caption:a dress', ");
  });

  it('refuses a bad line, which --skip-bad leaves out, columns for it, and a folder that is another', async () => {
    await put('bad/labels/dress_test_detect_all.txt', 'women/d/7/7_0.jpeg\t0.9\n');
    for (const category of ['jacket', 'pants', 'skirt', 'top']) {
      await put(`bad/labels/${category}_test_detect_all.txt`, `women/${category}/7/7_0.jpeg\t0.9\ta ${category}\n`);
    }
    const flags = ['--embeddings', at('f200k.safetensors'), '--dataset', 'fashion200k', '--pairs'];
    const bad = await uniecs(...flags, at('bad'));
    expect(bad.code).toBe(2);
    expect(bad.err).toContain(`${at('bad/labels/dress_test_detect_all.txt')}:1: line is not path`);
    const left = await uniecs(...flags, at('bad'), '--skip-bad');
    expect(left.code, left.err).toBe(0);
    expect(left.err).toContain('skipped 1 of 5 lines');
    expect((await uniecs(...flags, at('iq'))).err).toContain('the label files of Fashion200K');
    expect((await uniecs(...flags, at('bad'), '--columns', 'tag=x')).err).toContain("'--columns' is for pair files");
  });
});

it('reads a pair file with other columns, named in the command or in YAML', async () => {
  const lines = [1, 2, 3].map((i) => ({ q: `q${i}`, query: `words ${i}`, r: `r${i}`, reply: `more words ${i}` }));
  await put('esspr.jsonl', lines.map((line) => JSON.stringify(line)).join('\n'));
  const columns = { item_id_1: 'q', item_title_1: 'query', item_id_2: 'r', item_title_2: 'reply' };
  await put(
    'columns.yaml',
    Object.entries(columns)
      .map(([field, name]) => `${field}: ${name}`)
      .join('\n'),
  );
  const ids = lines.flatMap(({ q, r }) => [q, r]);
  const file = await vectors('esspr.safetensors', ids, ['text']);
  const flags = ['--embeddings', file, '--pairs', at('esspr.jsonl')];
  const named = Object.entries(columns).map((pair) => pair.join('='));
  const results = [
    await uniecs(...flags, '--columns', named.join(',')),
    await uniecs(...flags, '--columns', at('columns.yaml')),
  ];
  expect(results.map(({ code, err }) => `${code} ${err}`)).toEqual(
    Array(2).fill(expect.stringMatching(/^0 embeddings/)),
  );
  expect(results[0]?.out).toMatch(/^t->t .* 3 +3$/m);
  expect(results[1]?.out).toBe(results[0]?.out);
  const unmapped = await uniecs(...flags);
  expect([unmapped.code, unmapped.err]).toEqual([2, expect.stringContaining('field item_id_1 is missing')]);
  const unknown = await uniecs(...flags, '--columns', 'item_idd_1=q');
  expect([unknown.code, unknown.err]).toEqual([2, expect.stringContaining('did you mean item_id_1?')]);
  await put('wrong.yaml', 'item_titel_1: query\n');
  const wrong = await uniecs(...flags, '--columns', at('wrong.yaml'));
  expect([wrong.code, wrong.err]).toEqual([2, expect.stringContaining('wrong.yaml:1: item_titel_1: unknown key')]);
});

const real = resolve(import.meta.dirname, '../../../../../shared/data/fashion-iq');

it.skipIf(!existsSync(real))(
  'judges embeddings on the real FashionIQ, which has no images (skipped where it is missing)',
  async () => {
    const list = async (path: string) => JSON.parse(await readFile(join(real, path), 'utf8'));
    const parts = await Promise.all(
      ['dress', 'shirt', 'toptee'].map(async (category) => ({
        images: (await list(`image_splits/split.${category}.val.json`)) as string[],
        queries: ((await list(`captions/cap.${category}.val.json`)) as { candidate: string; target: string }[]).map(
          ({ candidate, target }) => [`${category}:${candidate}:${target}`, `image ${target}`] as const,
        ),
      })),
    );
    const images = [...new Set(parts.flatMap((part) => part.images))];
    // Half of the queries have their target's vector.
    const asked = parts.flatMap((part) => part.queries);
    const same = Object.fromEntries(asked.filter((_, i) => i % 2 === 0));
    const file = await vectors('real.safetensors', [...images, ...asked.map(([id]) => id)], ['fused', 'image'], same);
    const flags = ['--embeddings', file, '--pairs', real, '--dataset', 'fashioniq', '--json', at('real.json')];
    const { code, err } = await uniecs(...flags);
    expect(code, err).toBe(0);
    const { tasks, pairs } = JSON.parse(await readFile(at('real.json'), 'utf8'));
    expect(pairs).toBe(6016);
    expect(tasks['vt->v shirt']).toMatchObject({ queries: 2038, candidates: 6346 });
    expect(tasks['vt->v dress']['R@1']).toBeGreaterThan(0.45);
    expect(tasks['vt->v dress']['R@1']).toBeLessThan(0.55);
  },
  120_000,
);
