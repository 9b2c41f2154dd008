import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeSafetensors } from '@uniecs/tensor/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../run.js';

let folder: string;
const at = (name: string) => join(folder, name);

/** Five items on a circle, by their degrees: shoes at 0, 5 and 90, shirts at 6 and 100; the last has no colour. */
const degrees = [0, 5, 90, 6, 100];
const kinds = ['shoe', 'shoe', 'shoe', 'shirt', 'shirt'];
const ids = degrees.map((_, i) => `p${i}`);
const vectors = Float32Array.from(degrees.flatMap((d) => [Math.cos(rad(d)), Math.sin(rad(d))]));
function rad(d: number) {
  return (d * Math.PI) / 180;
}

const lines = (objects: readonly object[]) => objects.map((one) => JSON.stringify(one)).join('\n');

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'uniecs-evaluate-styles-'));
  const items = kinds.map((kind, i) => ({
    ...{ id: ids[i], title: `title ${i}`, image: `${i}.jpg`, kind },
    ...(i < 4 ? { colour: 'red' } : {}),
  }));
  await writeFile(at('items.jsonl'), lines(items));
  await writeFile(at('styles.jsonl'), lines([pairOf('p0', 'p1'), pairOf('p2', 'elsewhere')]));
  const shape = [ids.length, 2];
  const matrix = { dtype: 'F32', shape, data: vectors } as const;
  const named = { ids: JSON.stringify(ids) };
  await writeSafetensors(
    at('x.safetensors'),
    new Map([
      ['image', matrix],
      ['fused', matrix],
    ]),
    named,
  );
  await writeSafetensors(at('image.safetensors'), new Map([['image', matrix]]), named);
});
afterAll(() => rm(folder, { recursive: true }));

function pairOf(a: string, b: string) {
  return { tag: 1, item_id_1: a, item_title_1: a, item_id_2: b, item_title_2: b };
}

async function judge(...flags: string[]) {
  const [out, err]: [string[], string[]] = [[], []];
  const io = {
    stdout: { write: (text: string) => void out.push(text) },
    stderr: { write: (text: string) => void err.push(text) },
    signal: new AbortController().signal,
  };
  const code = await run(['eval', '--items', at('items.jsonl'), ...flags], io);
  return { code, out: out.join(''), err: err.join('') };
}
const embeddings = () => ['--embeddings', at('x.safetensors')];

describe('uniecs eval --items', () => {
  it('judges how much of the top K is of the same style, by fields', async () => {
    const { code, out } = await judge(...embeddings(), '--style', 'kind', '--json', at('report.json'));
    expect(code).toBe(0);
    const report = JSON.parse(await readFile(at('report.json'), 'utf8'));
    expect(report).toMatchObject({ version: 1, items: 5, groups: 2, style: 'kind' });
    // The 5 best of 4 others are all others: two shoes of each shoe, one shirt of each shirt.
    const coverage = { 'SCR@5': (3 * (2 / 5) + 2 * (1 / 5)) / 5 };
    expect(report.tasks['v->vt']).toMatchObject({ queries: 5, candidates: 5, coverage, attainable: coverage });
    expect(report.tasks['vt->vt'].coverage).toEqual(report.tasks['v->vt'].coverage);
    expect(out).toMatch(/v->vt +0\.320 +0\.320 +0\.160 +0\.160 +0\.032 +0\.032 +5 +5\n/);
    expect(out).toContain('2 styles by kind. SCR@K: share of the K best');
  });

  it('says which items have no style, and asks for none of them', async () => {
    const { code, out, err } = await judge(...embeddings(), '--style', 'kind,colour', '--json', at('report.json'));
    expect(code).toBe(0);
    expect(err).toContain('1 of 5 items have no kind and colour: they are candidates alone');
    expect(out).toContain('1 styles by kind and colour');
    expect(JSON.parse(await readFile(at('report.json'), 'utf8')).tasks['v->vt']).toMatchObject({
      ...{ queries: 3, candidates: 5 },
    });
  });

  it('takes same-style pairs for the styles', async () => {
    const { code, out, err } = await judge(...embeddings(), '--style-pairs', at('styles.jsonl'));
    expect(code).toBe(0);
    expect(err).toMatch(/1 items of .*styles\.jsonl are not in the catalogue/);
    // Of p0 and p1 alone others are there; each has the other among its five.
    expect(out).toMatch(/v->vt +0\.200 +0\.200 .* 2 +5\n/);
  });

  it('refuses a field that no item has, and embeddings that lack a side', async () => {
    const field = await judge(...embeddings(), '--style', 'knid');
    expect(field).toMatchObject({ code: 2, out: '' });
    expect(field.err).toContain('expected items with knid in the catalogue, got none; compare the names');
    const side = await judge('--embeddings', at('image.safetensors'), '--style', 'kind');
    expect(side).toMatchObject({ code: 2, out: '' });
    expect(side.err).toContain('expected image and fused embeddings, for v->vt, got not both');
  });
});
