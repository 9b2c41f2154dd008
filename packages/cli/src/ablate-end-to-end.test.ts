import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { runCommand as uniecs } from './testing/run-command.js';

// Seconds alone, many more beside other tests on a busy machine.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const bin = join(import.meta.dirname, '..', 'dist', 'uniecs.js');
let folder: string;
const at = (...parts: string[]) => join(folder, ...parts);

interface Outcome {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** The built command in a process of its own. */
function spawned(args: readonly string[], watch?: (child: ChildProcess, err: string) => void): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [bin, ...args], { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    let [out, err] = ['', ''];
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    child.stderr.on('data', (chunk) => {
      err += chunk;
      watch?.(child, err);
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, out, err }));
  });
}

const events = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
/** Folders of the cells in which a step was taken. */
const trained = (err: string): string[] => [
  ...new Set<string>(events(err).flatMap(({ type, cell }) => (type === 'step' ? [cell] : []))),
];
const report = async (out: string) => JSON.parse(await readFile(at(out, 'ablation.json'), 'utf8'));

/** The nine tasks and a term of the user's: quick to compile. */
const base = 'base: { batchSize: 8, steps: 2, warmupSteps: 1, drop: [CMAL, CLAL, IMCL], dataWorkers: 0 }\n';
const data = () => [
  ...['--train', at('cat/train.jsonl'), '--val', at('cat/val.jsonl'), '--test', at('cat/test.jsonl')],
  ...['--config', at('base.yaml'), '--image-cache', at('images'), '--device', 'cpu', '--log-format', 'jsonl'],
];
const gates = () => ['ablate', ...data(), '--gating', 'off', '--norm', 'pre'];

beforeAll(async () => {
  if (!existsSync(bin)) throw new Error(`expected the built command ${bin}: run npx tsup first`);
  folder = await mkdtemp(join(tmpdir(), 'uniecs-ablate-'));
  process.env.XDG_CACHE_HOME = at('cache');
  const { code, err } = await uniecs('data', 'generate', '--out', at('cat'), '--pairs', '12', '--seed', '3');
  expect(code, err).toBe(0);
  await writeFile(at('base.yaml'), base);
  const readme = await readFile(join(import.meta.dirname, '..', 'README.md'), 'utf8');
  await writeFile(at('drift.mjs'), /```js\n(export default .*?)```/s.exec(readme)?.[1] ?? '');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('uniecs ablate', () => {
  it('stopped by Ctrl-C saves and exits 130, and the same command goes on without training what is done', async () => {
    const args = [...gates(), '--out', at('stopped')];
    let sent = false;
    const first = await spawned(args, (child, err) => {
      if (sent || !/"type":"start".*"cell":"cells\/without-gating-7"/.test(err)) return;
      sent = true;
      child.kill('SIGINT');
    });
    expect(first.code, first.err).toBe(130);
    expect(events(first.out)).toEqual([
      expect.objectContaining({ type: 'summary', finished: 1, cells: 3, interrupted: true }),
    ]);
    expect(first.err).toContain('the same command goes on from there');
    const before = await report('stopped');
    expect(before.cells).toEqual({ planned: 3, finished: 1 });
    expect(before.arms[2]).toMatchObject({ name: 'pre-norm', mean: null, difference: null });

    const second = await uniecs(...args);
    expect(second.code, second.err).toBe(0);
    expect(trained(second.err)).not.toContain('cells/full-7');
    expect(events(second.err)).toContainEqual(
      expect.objectContaining({ type: 'start', cell: 'cells/without-gating-7', resumedFrom: expect.any(Number) }),
    );
    const after = await report('stopped');
    expect(after).toMatchObject({ cells: { planned: 3, finished: 3 }, split: 'test', baseline: 'full' });
    expect(after.arms[0].mean).toEqual(before.arms[0].mean);

    const third = await uniecs(...args.filter((word) => word !== '--log-format' && word !== 'jsonl'));
    expect(third.code, third.err).toBe(0);
    expect(third.err).toContain('3 runs, 3 of them done before');
    expect(third.out).toMatch(
      /^arm +seeds +R@10 +image-sided +from full +95 % over queries +± over seeds\nfull +1 of 1/,
    );
    expect(third.out).toContain(at('stopped/ablation.html'));
    expect(await readFile(at('stopped/ablation.md'), 'utf8')).toContain('| Method | t->v R@1 | t->v R@5 | t->v R@10 |');

    // A cell is a model folder like any other.
    const model = at('stopped/cells/pre-norm-7');
    const judged = await uniecs('eval', '--model', model, '--pairs', at('cat/test.jsonl'), '--json', at('r.json'));
    expect(judged.code, judged.err).toBe(0);
    const { mean } = JSON.parse(await readFile(at('r.json'), 'utf8'));
    expect(after.arms[2].mean.mean).toEqual(mean);
  });

  it('two processes at once share a grid: each run is trained by one of them, and the report has all', async () => {
    const args = [...gates(), '--seeds', '7,8', '--out', at('shared')];
    const both = await Promise.all([spawned(args), spawned(args)]);
    for (const { code, err } of both) expect(code, err).toBe(0);
    const own = both.map(({ err }) => trained(err));
    expect(own.every((cells) => cells.length > 0)).toBe(true);
    expect(own.flat().sort()).toEqual(
      ['full', 'pre-norm', 'without-gating'].flatMap((arm) => [`cells/${arm}-7`, `cells/${arm}-8`]),
    );
    const whole = await report('shared');
    expect(whole.cells).toEqual({ planned: 6, finished: 6 });
    expect(whole.arms[1].pairedSeeds).toEqual([7, 8]);
    expect((await readdir(at('shared/cells'))).filter((name) => name.endsWith('.lock'))).toEqual([]);
  });

  it('a term of your own is in every arm that does not drop it', async () => {
    const args = ['ablate', ...data(), '--term', at('drift.mjs'), '--drop', 'DRIFT', '--gating', 'off'];
    const { code, err } = await uniecs(...args, '--out', at('term'));
    expect(code, err).toBe(0);
    const steps = events(err).filter(({ type, step }) => type === 'step' && step === 1);
    expect(steps.map(({ cell, terms }) => [cell, Object.keys(terms)])).toEqual([
      ['cells/full-7', ['TASKS', 'DRIFT']],
      ['cells/without-DRIFT-7', ['TASKS']],
      ['cells/without-gating-7', ['TASKS', 'DRIFT']],
    ]);
    expect((await report('term')).terms).toEqual(['DRIFT']);
    expect(events((await uniecs(...args, '--out', at('stopped'))).err).at(-1)).toMatchObject({
      ...{ type: 'error', code: 'data', exitCode: 2 },
      got: expect.stringContaining('terms.0 "DRIFT"'),
    });
  });

  it('starts every arm from the encoders of a model folder, encodes once where they are frozen, and says so in the report', async () => {
    const args = ['ablate', ...data(), '--init', at('stopped/cells/full-7'), '--gating', 'off'];
    const { code, err } = await uniecs(...args, '--freeze', 'encoders', '--out', at('heads'));
    expect(code, err).toBe(0);
    expect(new Set(events(err).flatMap(({ type, cell }) => (type === 'features' ? [cell] : [])))).toEqual(
      new Set(['cells/full-7']),
    );
    const { init, base: shared, cells } = await report('heads');
    expect(init.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(shared).toMatchObject({ size: 'tiny', freeze: ['encoders'] });
    expect(cells).toEqual({ planned: 2, finished: 2 });
    const drawn = ['ablate', ...data(), '--gating', 'off', '--freeze', 'encoders', '--out', at('heads')];
    expect(events((await uniecs(...drawn)).err).at(-1)).toMatchObject({
      ...{ type: 'error', code: 'data', exitCode: 2 },
      got: expect.stringContaining('init'),
    });
  });

  it.each([
    ['a term to drop that there is not', ['--drop', 'CMAX'], "in the arm 'without CMAX'"],
    ['all terms dropped', ['--drop', 'TASKS'], 'at least one term'],
    ['nothing to compare', ['--gating', 'on'], 'at least two arms'],
    ['a ready-made grid that there is not', ['--grid', 'table5'], 'Did you mean table4?'],
    ['a beta above 1', ['--beta', '0,2'], 'Expected numbers from 0 to 1'],
    ['a test file that is not there', ['--gating', 'off', '--test', 'none.jsonl'], 'none.jsonl'],
    ['a grid file that is not there', ['--config', 'none.yaml'], 'none.yaml'],
    ['a start that is not there', ['--gating', 'off', '--init', 'nowhere'], 'a model in nowhere to start from'],
    ['a folder that holds something else', ['--gating', 'off', '--out', '.'], 'the folder of an ablation'],
  ])('refuses %s before anything is trained, and exits 2', async (_, flags, complaint) => {
    const own = flags.includes('--out') ? ['--out', folder] : ['--out', at('never')];
    const given = flags.filter((word) => word !== '--out' && word !== '.');
    const { code, err } = await uniecs('ablate', ...data(), ...given, ...own);
    expect(err).toContain(complaint);
    expect(err).not.toContain('"type":"step"');
    expect(code, err).toBe(2);
    expect(existsSync(at('never'))).toBe(false);
  });

  it('refuses an arm of a file that cannot be built, by its name, with nothing trained', async () => {
    await writeFile(at('bad.yaml'), `${base}arms:\n  full: {}\n  odd heads: { fusion: { heads: 3 } }\n`);
    const { code, err } = await uniecs('ablate', ...data(), '--config', at('bad.yaml'), '--out', at('never'));
    expect(events(err).at(-1)).toMatchObject({ type: 'error', exitCode: 2 });
    expect(err).toContain("in the arm 'odd heads', got 3");
    expect(code).toBe(2);
    expect(existsSync(at('never'))).toBe(false);
  });
});
