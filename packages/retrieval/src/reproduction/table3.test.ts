import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Benchmark, publishedTables } from '@uniecs/mbeer';
import { seededRandom } from '@uniecs/tensor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ImportedEmbeddings } from './table1.js';
import { reproduceTable3 } from './table3.js';

let out: string;
beforeAll(async () => {
  out = await mkdtemp(join(tmpdir(), 'uniecs-table3-'));
});
afterAll(() => rm(out, { recursive: true }));

const numbers = (count: number, from = 0) => Int32Array.from({ length: count }, (_, i) => from + i);

/** Three categories of 4 images and 2 queries each. */
const fashioniq: Benchmark = {
  name: 'fashioniq',
  items: [
    ...Array.from({ length: 12 }, (_, i) => ({ id: `B${i}`, image: `/B${i}.jpg` })),
    ...Array.from({ length: 6 }, (_, i) => ({ id: `q${i}`, title: 'longer', image: '/B0.jpg', imageOf: 'B0' })),
  ],
  tasks: ['dress', 'shirt', 'toptee'].map((category, c) => ({
    ...{ name: `vt->v ${category}`, query: 'fused', candidate: 'image' },
    ...{ queries: numbers(2, 12 + 2 * c), candidates: numbers(4, 4 * c) },
    relevant: [Int32Array.of(4 * c), Int32Array.of(4 * c + 1)],
  })),
  ks: [1, 5, 10, 50],
};
const fashion200k: Benchmark = {
  name: 'fashion200k',
  items: [
    ...Array.from({ length: 6 }, (_, i) => ({ id: `women/${i}.jpg`, image: `/women/${i}.jpg` })),
    ...Array.from({ length: 3 }, (_, i) => ({ id: `caption:${i}`, title: `${i}` })),
  ],
  tasks: [
    {
      ...{ name: 't->v', query: 'text', candidate: 'image', queries: numbers(3, 6), candidates: numbers(6) },
      relevant: [Int32Array.of(0, 1), Int32Array.of(2), Int32Array.of(3, 4, 5)],
    },
  ],
  ks: [1, 5, 10],
};

/** Unit vectors of items; those of `same` have another one's. */
function imported(name: string, ids: readonly string[], same: Record<string, string> = {}): ImportedEmbeddings {
  const matrix = (): Float32Array =>
    Float32Array.from(
      ids.flatMap((id) => {
        const angle = 6 * seededRandom(same[id] ?? id).uniform();
        return [Math.cos(angle), Math.sin(angle)];
      }),
    );
  const vectors = { ids, dimension: 2, fused: matrix(), image: matrix(), text: matrix() };
  return { name, file: `${name}.npy`, sha256: 'abc', vectors };
}
const idsOf = ({ items }: Benchmark) => items.map(({ id }) => id);
// Queries q0 and q1 have their targets' vectors, and so finds a caption two of its three images.
const iqFile = (name: string) => imported(name, idsOf(fashioniq), { q0: 'B0', q1: 'B1', q2: 'B7', q3: 'B7' });
const f200kFile = (name: string) => imported(name, idsOf(fashion200k), { 'caption:1': 'women/2.jpg' });
const made = (embeddings: readonly ImportedEmbeddings[], benchmarks: readonly Benchmark[] = [fashion200k, fashioniq]) =>
  reproduceTable3({ out, benchmarks, embeddings, evaluation: [], split: 'test' });

describe('Table 3', () => {
  it('fills a row from a file for each benchmark, FashionIQ as the mean of its categories, published figures beside', async () => {
    const { report, files } = await made([iqFile('blip-ff'), f200kFile('BLIP_FF'), iqFile('ours')]);
    expect(report.columns).toEqual([
      { benchmark: 'fashion200k', task: 't->v' },
      { benchmark: 'fashioniq', task: 'vt->v' },
    ]);
    const row = (name: string) => report.rows.find((one) => one.name === name);
    const iq = row('BLIP_FF')?.mean?.fashioniq as Record<string, Record<string, number>>;
    expect(iq['vt->v dress']?.['R@1']).toBe(1);
    const parts = ['dress', 'shirt', 'toptee'].map((category) => iq[`vt->v ${category}`]?.['R@1'] as number);
    expect(iq['vt->v']?.['R@1']).toBeCloseTo(parts.reduce((sum, value) => sum + value, 0) / 3, 12);
    expect(row('BLIP_FF')?.mean?.fashion200k?.['t->v']).toMatchObject({ 'R@5': 1, 'recall@1': expect.any(Number) });
    expect(row('BLIP_FF')).toMatchObject({ kind: 'imported', runs: [{ from: 'blip-ff.npy, BLIP_FF.npy' }] });
    expect(row('BLIP_FF')?.published.fashioniq?.['vt->v']).toEqual(publishedTables.table3.fashioniq['vt->v']?.BLIP_FF);
    expect(row('ours')).toMatchObject({ published: { fashioniq: {} }, mean: { fashioniq: {} } });
    expect(row('MM-Embed')).toMatchObject({ kind: 'empty', note: 'import embeddings: --embeddings MM-Embed=FILE' });
    expect(row('CLIP_SF')).toMatchObject({ note: "give --model 'CLIP_SF=DIR', or --train and --val" });
    expect(report.manifest.data.fashion200k).toEqual({ pairs: 6, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(JSON.parse(await readFile(files.json, 'utf8'))).toEqual(JSON.parse(JSON.stringify(report)));
    const page = await readFile(files.page, 'utf8');
    expect(page.match(/<th [^>]*colspan="3">fashioniq vt-&gt;v, published<\/th>/g)).toHaveLength(1);
    expect(page).toContain('fashioniq vt-&gt;v toptee');
    expect(page).not.toMatch(/(src|href)="(?!data:)/);
  });

  it('refuses no benchmark, embeddings of none or of two files for one, and those by the name of a model', async () => {
    await expect(made([], [])).rejects.toThrow(/expected a benchmark, got none/);
    await expect(made([imported('x', ['a', 'b'])])).rejects.toThrow(
      /items of fashion200k or fashioniq, got none among the 2 of x.npy/,
    );
    await expect(made([iqFile('x'), iqFile('x')])).rejects.toThrow(/one file of x for fashioniq, got two/);
    await expect(made([iqFile('UniECS')])).rejects.toThrow(/'UniECS', which is trained or given/);
    await expect(made([imported('x', idsOf(fashioniq).slice(1))])).rejects.toThrow(/none for 1 \('B0'\)/);
  });
});
