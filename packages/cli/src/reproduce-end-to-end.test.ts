import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { runCommand as uniecs } from './testing/run-command.js';

// Under a minute alone, many more beside other tests on a busy machine.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 240_000 });

let folder: string;
const at = (...parts: string[]) => join(folder, ...parts);

const lines = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
const json = async (...parts: string[]) => JSON.parse(await readFile(at(...parts), 'utf8'));

/** Few terms and two steps: quick to compile. */
const settings = `batchSize: 8
warmupSteps: 1
drop: [CMAL, PDC, IMCL]
weighting: { scope: representations }
`;
const pairs = () => ['--train', at('cat/train.jsonl'), '--val', at('cat/val.jsonl'), '--test', at('cat/test.jsonl')];
const models = () => [
  ...[...pairs(), '--out', at('paper'), '--config', at('base.yaml'), '--steps', '2', '--data-workers', '0'],
  ...['--image-cache', at('images'), '--device', 'cpu', '--log-format', 'jsonl'],
];

/** What a reproduction wrote and told; its page needs nothing else. */
async function reproduced(what: string, ...flags: string[]) {
  const { code, out, err } = await uniecs('reproduce', what, ...flags);
  expect(code, err).toBe(0);
  const [summary] = lines(out);
  const report = JSON.parse(await readFile(summary.report, 'utf8'));
  expect(report).toMatchObject({
    version: 1,
    what,
    manifest: { version: 1, data: { evaluation: { sha256: expect.any(String) } } },
  });
  const page = await readFile(summary.page, 'utf8');
  expect(page).toMatch(/^<!doctype html>[\s\S]*<\/html>\n$/);
  expect(page).not.toMatch(/(?:src|href)="(?!data:)|url\(|@import|<script/);
  const told = err.trim() === '' ? [] : lines(err);
  const trained: string[] = told.flatMap((line) =>
    line.type === 'cell' && line.status === 'started' ? [line.cell] : [],
  );
  const notes: string[] = told.flatMap(({ type, text }) => (type === 'note' ? [text] : []));
  return { summary, report, page, trained, notes };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'uniecs-reproduce-'));
  process.env.XDG_CACHE_HOME = at('cache');
  const { code, err } = await uniecs('data', 'generate', '--out', at('cat'), '--pairs', '16', '--seed', '3');
  expect(code, err).toBe(0);
  await writeFile(at('base.yaml'), settings);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('uniecs reproduce', () => {
  it('table1 trains its methods and writes the page, with a row for every method of the paper', async () => {
    const { summary, report, page, trained } = await reproduced('table1', ...models());
    expect(summary).toMatchObject({ what: 'table1', finished: 6, cells: 6, failed: [], interrupted: false });
    expect(trained).toHaveLength(6);
    expect(report.rows.map(({ kind }: { kind: string }) => kind).sort()).toEqual([
      ...Array(5).fill('empty'),
      ...Array(4).fill('trained'),
    ]);
    expect(report.manifest).toMatchObject({
      split: 'test',
      seeds: [7],
      settings: { steps: 2 },
      data: { train: { pairs: 16 } },
    });
    expect(page.match(/<svg[^>]* role="img"/g)?.length).toBeGreaterThan(0);
    expect(page).toContain('vt-&gt;vt, published');
  });

  it('missing, figure4 and figure5 use the same models, and train nothing', async () => {
    const missing = await reproduced('missing', ...models());
    expect(missing.report.models).toHaveLength(3);
    expect(missing.page.match(/<svg[^>]* role="img"/g)).toHaveLength(12);
    const panels = await reproduced('figure4', ...models(), '--tasks', 'vt->vt', '--queries', '2');
    expect(panels.report.rows).toHaveLength(2);
    expect(panels.page).toContain('<img src="data:image/jpeg;base64,');
    const maps = await reproduced('figure5', ...models(), '--items', '8', '--iterations', '30');
    expect(maps.report.models.map(({ name }: { name: string }) => name)).toEqual(['UniECS', 'CLIP_SF', 'CLIP_FF']);
    for (const { trained } of [missing, panels, maps]) expect(trained).toEqual([]);
  });

  it('table4 and figure6 train what is left, in the same folder', async () => {
    const ablation = await reproduced('table4', ...models());
    expect(ablation.trained).toEqual(['cells/UniECS-without-CLAL-7', 'cells/UniECS-without-gating-7']);
    expect(ablation.report.comparison.arms.map(({ seeds }: { seeds: number[] }) => seeds)).toEqual(Array(5).fill([7]));
    expect(ablation.page).toContain('t-&gt;v, published');
    const sweep = await reproduced('figure6', ...models(), '--beta', '0,0.5');
    expect(sweep.trained).toEqual(['cells/UniECS-paper-beta-0-7']);
    expect(sweep.page).toContain('R@10 by weighting.beta');
  });

  it('starts all trainings from the encoders of a model folder, which the manifest names by content', async () => {
    const own = models().map((word) => (word === at('paper') ? at('heads') : word));
    const start = ['--init', at('paper/cells/UniECS-7'), '--freeze', 'encoders'];
    const flags = ['--tasks', 'vt->vt', '--queries', '1'];
    const { code, out, err } = await uniecs('reproduce', 'figure4', ...own, ...start, ...flags);
    expect(code, err).toBe(0);
    expect(new Set(lines(err).flatMap(({ type, cell }) => (type === 'features' ? [cell] : []))).size).toBe(1);
    const { manifest } = JSON.parse(await readFile(lines(out)[0].report, 'utf8'));
    expect(manifest.init.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(manifest.settings).toMatchObject({ size: 'tiny', freeze: ['encoders'] });
  });

  it('figure3 counts categories by a catalogue', async () => {
    const benchmark = ['--test', at('cat/test.jsonl'), '--out', at('paper'), '--log-format', 'jsonl'];
    const { report, page } = await reproduced(
      'figure3',
      ...benchmark,
      '--catalog',
      at('cat/catalog.jsonl'),
      '--category',
      'kind',
    );
    expect(report.counts.reduce((sum: number, { count }: { count: number }) => sum + count, 0)).toBe(report.products);
    expect(page).toContain('<rect class="bar');
  });

  it('table3 judges the same models on FashionIQ and Fashion200K, and fills rows with embeddings', async () => {
    const catalogue = lines(await readFile(at('cat/catalog.jsonl'), 'utf8')).slice(0, 5);
    const put = async (path: string, content: string) => {
      await mkdir(dirname(at(path)), { recursive: true });
      await writeFile(at(path), content);
    };
    for (const category of ['dress', 'shirt', 'toptee']) {
      const captions = [1, 2].map((i) => ({ candidate: 'B0', target: `B${i}`, captions: ['is red', 'longer'] }));
      await put(`iq/image_splits/split.${category}.val.json`, JSON.stringify(catalogue.map((_, i) => `B${i}`)));
      await put(`iq/captions/cap.${category}.val.json`, JSON.stringify(captions));
    }
    const benchmark = ['--fashioniq', at('iq'), '--fashion200k', at('f200k')];
    for (const [i, category] of ['dress', 'jacket', 'pants', 'skirt', 'top'].entries()) {
      const path = `women/${category}/${i}/${i}_0.png`;
      await put(`f200k/labels/${category}_test_detect_all.txt`, `${path}\t0.9\t${catalogue[i].title}\n`);
      await mkdir(dirname(at('f200k', path)), { recursive: true });
      await copyFile(at('cat', catalogue[i].image), at('f200k', path));
    }
    const without = await uniecs('reproduce', 'table3', ...models(), ...benchmark);
    expect(lines(without.err).at(-1)).toMatchObject({ type: 'error', exitCode: 2 });
    expect(without.err).toContain(`the pictures of 11 items of fashioniq in ${at('iq')}`);
    await mkdir(at('iq/images'));
    for (const [i, { image }] of catalogue.entries()) await copyFile(at('cat', image), at('iq/images', `B${i}.png`));
    const { report, page, trained } = await reproduced('table3', ...models(), ...benchmark);
    expect(trained).toEqual([]);
    const row = (name: string) => report.rows.find((one: { name: string }) => one.name === name);
    expect(row('UniECS').mean.fashioniq['vt->v']['R@5']).toBe(1);
    expect(row('UniECS').mean.fashion200k['t->v']['R@5']).toBe(1);
    expect(row('UniECS').published.fashioniq['vt->v']).toEqual([0.19, 0.36, 0.49]);
    expect(page).toContain('fashion200k t-&gt;v, published');
    await put(
      'iq-items.jsonl',
      ['B0', 'B1', 'B2', 'B3', 'B4'].map((id, i) => JSON.stringify({ id, image: catalogue[i].image })).join('\n'),
    );
    const queries = ['dress', 'shirt', 'toptee'].flatMap((category) =>
      [1, 2].map((i) => ({ id: `${category}:B0:B${i}`, title: 'is red and longer', image: catalogue[0].image })),
    );
    const both = `${await readFile(at('iq-items.jsonl'), 'utf8')}\n${queries.map((query) => JSON.stringify(query)).join('\n')}`;
    await put('iq-items.jsonl', both);
    const model = at('paper/cells/UniECS-7');
    const embedded = await uniecs(
      ...['embed', '--model', model, '--items', at('iq-items.jsonl'), '--images', at('cat'), '--out', at('iq.parquet')],
    );
    expect(embedded.code, embedded.err).toBe(0);
    const own = ['--fashioniq', at('iq'), '--out', at('table3'), '--embeddings', `gme-qwen2vl=${at('iq.parquet')}`];
    const { code, out, err } = await uniecs('reproduce', 'table3', ...own);
    expect(code, err).toBe(0);
    const imported = await json('table3/table3.json');
    const gme = imported.rows.find(({ name }: { name: string }) => name === 'GME-Qwen2VL');
    expect(gme).toMatchObject({ kind: 'imported', mean: { fashioniq: row('UniECS').mean.fashioniq } });
    expect(out).toMatch(/^R@10 +seeds +fashioniq vt->v\n/);
    expect(out).toContain("give --model 'UniECS=DIR', or --train and --val");
  });

  it('once all is done only the pages are made again, for a person in a table', async () => {
    const words = models().filter((word) => word !== '--log-format' && word !== 'jsonl');
    const before = (await readdir(at('paper/cells'))).sort();
    const { code, out, err } = await uniecs('reproduce', 'table1', ...words);
    expect(code, err).toBe(0);
    expect(err).toContain('6 runs, 6 of them done before');
    expect(out).toMatch(/^method +seeds +R@10 +image-sided +vt->vt\nCLIP_SF +1 /);
    expect(out).toContain('import embeddings: --embeddings GME-Qwen2VL=FILE');
    expect(out).toContain(`report: ${at('paper/table1.html')}`);
    expect((await readdir(at('paper/cells'))).sort()).toEqual(before);
  });

  it('embeddings that were computed elsewhere fill a row, and model folders take the place of trainings', async () => {
    const model = at('paper/cells/UniECS-7');
    const embedded = await uniecs(
      'embed',
      '--model',
      model,
      '--items',
      at('cat/catalog.jsonl'),
      '--out',
      at('own.parquet'),
    );
    expect(embedded.code, embedded.err).toBe(0);
    const { report } = await reproduced('table1', ...models(), '--embeddings', `GME-Qwen2VL=${at('own.parquet')}`);
    const row = (name: string) => report.rows.find((one: { name: string }) => one.name === name);
    expect(row('GME-Qwen2VL')).toMatchObject({ kind: 'imported', mean: row('UniECS').mean });
    expect(report.manifest.embeddings).toEqual([
      expect.objectContaining({ sha256: expect.stringMatching(/^[0-9a-f]{64}$/) }),
    ]);
    const given = ['UniECS', 'CLIP_SF', 'CLIP_FF'].flatMap((name) => ['--model', `${name}=${model}`]);
    const judged = ['--test', at('cat/test.jsonl'), '--out', at('given'), '--device', 'cpu', '--log-format', 'jsonl'];
    const unread = ['--epochs', '3', '--val', at('cat/val.jsonl')];
    const panels = await reproduced('figure4', ...judged, ...given, ...unread, '--tasks', 't->t', '--queries', '1');
    expect(panels.notes).toContain('no model is trained here: --epochs, --val without effect');
    expect(panels.report.rows[0].panels.map(({ rank }: { rank: number }) => rank)).toEqual(
      Array(3).fill(panels.report.rows[0].panels[0].rank),
    );
    expect((await readdir(at('given'))).sort()).toEqual(['figure4.html', 'figure4.json', 'kept']);
    expect(await json('given/figure4.json')).toMatchObject({
      manifest: { models: [{ name: 'UniECS', folder: model }, {}, {}] },
    });
  });

  it.each([
    [
      'no pairs to train on',
      () => ['figure5', '--test', at('cat/test.jsonl')],
      '--train and --val to train UniECS, CLIP_SF, CLIP_FF',
    ],
    ['no pairs to validate on', () => ['table4', '--train', at('cat/train.jsonl')], 'got no --val'],
    ['a model folder that is none', () => ['missing', ...pairs(), '--model', `UniECS=${at('cat')}`], 'a model in'],
    ['settings that are its own', () => ['table1', ...pairs(), '--config', at('preset.yaml')], 'got preset paper'],
    ['terms that there are not', () => ['table1', ...pairs(), '--config', at('terms.yaml')], 'CMAX'],
    ['embeddings that are not there', () => ['table1', ...pairs(), '--embeddings', 'x=none.npy'], 'none.npy'],
    ['a task that there is not', () => ['figure4', ...pairs(), '--tasks', 't->x'], "got 't->x'"],
    ['a pair file that is not there', () => ['figure6', ...pairs(), '--test', 'none.jsonl'], 'none.jsonl'],
    ['no benchmark of Table 3', () => ['table3'], 'give --fashion200k DIR, --fashioniq DIR, or both'],
    ['no catalogue', () => ['figure3', '--test', at('cat/test.jsonl')], 'a catalogue of the products'],
    ['no benchmark', () => ['figure3', '--catalog', at('cat/catalog.jsonl')], 'the pair file of the benchmark'],
    [
      'a catalogue without the field',
      () => ['figure3', '--test', at('cat/test.jsonl'), '--catalog', at('cat/catalog.jsonl')],
      'the field articleType',
    ],
  ])('refuses %s before anything is trained, and exits 2', async (_, flags, complaint) => {
    await writeFile(at('preset.yaml'), 'preset: paper\n');
    await writeFile(at('terms.yaml'), 'drop: [CMAX]\n');
    const { code, err } = await uniecs('reproduce', ...flags(), '--out', at('never'));
    expect(err).toContain(complaint);
    expect(code, err).toBe(2);
    expect(existsSync(at('never'))).toBe(false);
  });

  it('refuses other settings in a folder that has models, and a folder that holds something else', async () => {
    const other = await uniecs('reproduce', 'missing', ...models(), '--lr', '0.5');
    expect(lines(other.err).at(-1)).toMatchObject({
      type: 'error',
      exitCode: 2,
      got: expect.stringContaining('base.learningRate'),
    });
    expect(other.code).toBe(2);
    const taken = await uniecs('reproduce', 'table1', ...pairs(), '--out', folder);
    expect(taken.err).toContain('a folder that holds');
    expect(taken.code).toBe(2);
  });
});
