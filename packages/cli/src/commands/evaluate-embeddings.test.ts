import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '@uniecs/tensor';
import { writeSafetensors } from '@uniecs/tensor/node';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../run.js';

const pairs = 11;
const width = 5;
const ids = Array.from({ length: 2 * pairs }, (_, i) => `p${i}`);
let folder: string;
const at = (name: string) => join(folder, name);

/** Item 2 of a pair has the vectors of item 1 and a little noise. */
function matrix(noise: number, scale = 1): Float32Array {
  const random = seededRandom(noise);
  const rows = Array.from({ length: pairs }, () => Array.from({ length: width }, () => random.normal()));
  return Float32Array.from(
    ids.flatMap((_, i) => {
      const row = (rows[i >> 1] ?? []).map((value) => value + noise * random.normal());
      return row.map((value) => (scale * value) / Math.hypot(...row));
    }),
  );
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'uniecs-evaluate-embeddings-'));
  const lines = Array.from({ length: pairs }, (_, i) =>
    Object.fromEntries([
      ['tag', 1],
      ...[1, 2].flatMap((side) => [
        [`item_id_${side}`, ids[2 * i + side - 1]],
        [`item_title_${side}`, `title ${i}`],
        // No such pictures: the embeddings stand for them.
        [`item_image_${side}`, `${i}-${side}.jpg`],
      ]),
    ]),
  );
  await writeFile(at('pairs.jsonl'), lines.map((line) => JSON.stringify(line)).join('\n'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Runs eval over image and text vectors of a safetensors file. */
async function evaluate(
  data: Partial<Record<'fused' | 'image' | 'text', Float32Array>>,
  { named = ids, flags = [] }: { readonly named?: readonly string[]; readonly flags?: readonly string[] } = {},
) {
  const tensors = Object.entries(data).map(([view, values]) => {
    const shape = [values.length / width, width];
    return [view, { dtype: 'F32', shape, data: values }] as const;
  });
  await writeSafetensors(at('x.safetensors'), new Map(tensors), { ids: JSON.stringify(named) });
  return uniecs('--embeddings', at('x.safetensors'), ...flags);
}

const uniecs = (...flags: string[]) => judge('--pairs', at('pairs.jsonl'), ...flags);

async function judge(...flags: string[]) {
  const [out, err]: [string[], string[]] = [[], []];
  const stream = (texts: string[]) => ({ write: (text: string) => void texts.push(text) });
  const io = { stdout: stream(out), stderr: stream(err), signal: new AbortController().signal };
  const code = await run(['eval', ...flags], io);
  return { code, out: out.join(''), err: err.join('') };
}

it('judges without pictures or a model, and says what it judged', async () => {
  const { code, out, err } = await evaluate({ fused: matrix(0.1), image: matrix(0.3), text: matrix(0.2) });
  expect(code, err).toBe(0);
  expect(err).toBe('embeddings: fused, image, text of 22 items, 5 numbers each\n');
  expect(out.split('\n').filter((line) => /^[tv]+->/.test(line))).toHaveLength(9);
  expect(out).toMatch(/^vt->vt +\d\.\d{3} +\d\.\d{3} +\d\.\d{3} +11 +11$/m);
});

it('two views are judged on four tasks; --fuse sum makes the nine of them', async () => {
  const data = { image: matrix(0.3), text: matrix(0.2) };
  const two = await evaluate(data);
  expect(two.err).toContain('not counted, for want of embeddings: t->vt, v->vt, vt->t, vt->v, vt->vt\n');
  expect(two.out).toMatch(/^vt->vt +- +- +- +0 +0$/m);
  const nine = await evaluate(data, { flags: ['--fuse', 'sum', '--json', at('report.json')] });
  expect(nine.code, nine.err).toBe(0);
  expect(nine.err).not.toContain('not counted');
  const report = JSON.parse(await readFile(at('report.json'), 'utf8'));
  expect(report).not.toHaveProperty('notCounted');
  expect(Object.keys(report.tasks)).toHaveLength(9);
  expect(report.tasks['vt->vt'].queries).toBe(11);
});

it('--normalize judges vectors of any length as those of norm 1', async () => {
  const unit = await evaluate({ text: matrix(0.4) });
  const long = await evaluate({ text: matrix(0.4, 2) }, { flags: ['--normalize'] });
  expect([long.code, long.out]).toEqual([0, unit.out]);
});

it('says what R@K is, and adds the other measures to the JSON', async () => {
  const data = { fused: matrix(0.9), image: matrix(1.3), text: matrix(1.2) };
  const { out } = await evaluate(data, { flags: ['--json', at('report.json')] });
  expect(out).toMatch(/^R@K: .* hit@K, and so Recall@K; ties count against the query\.$/m);
  const { tasks, measures, ...rest } = JSON.parse(await readFile(at('report.json'), 'utf8'));
  expect(Object.keys(rest)).toEqual(['version', 'pairs', 'mean']);
  for (const [name, task] of Object.entries<Record<string, number>>(tasks)) {
    for (const k of [1, 5, 10]) expect(measures[name][`hit@${k}`]).toBe(task[`R@${k}`]);
    expect(measures[name].MRR).toBeGreaterThan(measures[name]['hit@1'] - 1e-9);
  }
});

it('--pool judges among other candidates, and says which in the report', async () => {
  const data = { fused: matrix(0.3), image: matrix(0.5), text: matrix(0.4) };
  const judged = async (...flags: string[]) => {
    const { code, err } = await evaluate(data, { flags: [...flags, '--json', at('report.json')] });
    expect(code, err).toBe(0);
    return JSON.parse(await readFile(at('report.json'), 'utf8'));
  };
  const plain = await judged();
  expect(await judged('--pool', 'global')).toEqual(plain);
  const every = await judged('--pool', 'modality');
  expect(every).toMatchObject({ pool: 'modality', tasks: { 'v->t': { queries: 11, candidates: 33 } } });
  const mixed = await judged('--pool', 'mixed', '--seed', '3');
  expect(mixed).toMatchObject({ pool: 'mixed', seed: 3, tasks: { 'v->mixed': { queries: 11, candidates: 11 } } });
  expect(Object.keys(mixed.tasks)).toEqual(['t->mixed', 'v->mixed', 'vt->mixed']);
  const one = await evaluate({ text: matrix(0.2) }, { flags: ['--pool', 'mixed'] });
  expect(one.code).toBe(2);
  expect(one.err).toContain('expected fused, image and text embeddings for this pool');
});

it('--run-out writes runs that --run judges as the tasks were judged', async () => {
  const data = { fused: matrix(0.9), image: matrix(1.3), text: matrix(1.2) };
  const { code, err } = await evaluate(data, { flags: ['--run-out', at('runs'), '--json', at('report.json')] });
  expect(code, err).toBe(0);
  const { measures } = JSON.parse(await readFile(at('report.json'), 'utf8'));
  for (const name of ['t-to-vt', 'v-to-v']) {
    const judged = await judge(
      '--run',
      at(`runs/${name}.run`),
      '--qrels',
      at(`runs/${name}.qrels`),
      '--json',
      at('j.json'),
    );
    expect(judged.code, judged.err).toBe(0);
    const found = JSON.parse(await readFile(at('j.json'), 'utf8'));
    expect(found).toMatchObject({ version: 1, queries: 11, unanswered: 0 });
    const own = measures[name.replace('-to-', '->')];
    for (const key of ['hit@1', 'hit@5', 'nDCG@10', 'MRR']) expect(found.measures[key]).toBeCloseTo(own[key], 12);
    expect(found.measures.MAP).toBeCloseTo(own.MRR, 12);
    expect(judged.out).toMatch(/^MRR +0\.\d{4}$/m);
  }
  expect(await readFile(at('runs/t-to-vt.qrels'), 'utf8')).toMatch(/^1:p0 0 1:p1 1\n2:p2 0 2:p3 1\n/);
});

it('a run that cannot be read or judged exits 2 and names the line', async () => {
  await writeFile(at('good.qrels'), 'a 0 x 1\n');
  await writeFile(at('bad.run'), 'a Q0 x 1 0.5 tag\na Q0 y 2 0.4\n');
  const bad = await judge('--run', at('bad.run'), '--qrels', at('good.qrels'));
  expect([bad.code, bad.out]).toEqual([2, '']);
  expect(bad.err).toContain('bad.run:2');
  const none = await judge('--run', at('none.run'), '--qrels', at('good.qrels'));
  expect(none.code).toBe(2);
  expect(none.err).toContain('none.run');
});

describe('bad embeddings exit 2', () => {
  const changed = (at: number, value: number) => matrix(0.2).map((own, k) => (k === at ? value : own));

  it.each([
    ['another norm', { text: matrix(0.2, 2) }, {}, "22 that are not ('p0' in row 0 has norm 2"],
    ['NaN', { text: changed(7, Number.NaN) }, {}, "'p1' in row 1 has NaN"],
    ['missing ids', { text: matrix(0.2) }, { named: ids.map((id) => `0${id}`) }, "none for 22 ('p0', 'p2',"],
    ['repeated ids', { text: matrix(0.2) }, { named: ids.with(3, 'p1') }, "1 of 21 that repeat ('p1')"],
    ['fewer ids than rows', { text: matrix(0.2) }, { named: ids.slice(1) }, '22 rows of text and 21 ids'],
    ['no text to fuse', { image: matrix(0.2) }, { flags: ['--fuse', 'sum'] }, 'those of image alone'],
  ])('%s', async (_, data, options, complaint) => {
    const { code, out, err } = await evaluate(data, options);
    expect(err).toContain(complaint);
    expect(err).not.toContain('    at ');
    expect([code, out]).toEqual([2, '']);
  });

  it('an integer matrix', async () => {
    const data = new Int32Array(ids.length * width);
    await writeSafetensors(at('x.safetensors'), new Map([['text', { dtype: 'I32', shape: [22, width], data }]]), {
      ids: JSON.stringify(ids),
    });
    const { code, err } = await uniecs('--embeddings', at('x.safetensors'));
    expect(code).toBe(2);
    expect(err).toContain('got I32');
  });
});
