import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
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

const recipe = (...more: string[]) => [
  ...['beyond-text', '--catalog', at('cat/catalog.jsonl'), '--fields', 'type=kind,colour=colour,usage=audience'],
  ...['--val', at('cat/val.jsonl'), '--test', at('cat/test.jsonl'), '--image-cache', at('images'), '--device', 'cpu'],
  ...['--arms', 'full,text-only', '--seeds', '7', '--steps', '4', '--batch-size', '8', '--data-workers', '0', ...more],
];

beforeAll(async () => {
  if (!existsSync(bin)) throw new Error(`expected the built command ${bin}: run npx tsup first`);
  folder = await mkdtemp(join(tmpdir(), 'uniecs-beyond-text-'));
  process.env.XDG_CACHE_HOME = at('cache');
  const { code, err } = await uniecs('data', 'generate', '--out', at('cat'), '--pairs', '60', '--seed', '3');
  expect(code, err).toBe(0);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('uniecs beyond-text', () => {
  it('stopped by Ctrl-C saves and exits 130, and the same command goes on, to the tables and the page', async () => {
    const args = recipe('--out', at('stopped'));
    let sent = false;
    const first = await spawned([...args, '--log-format', 'jsonl'], (child, err) => {
      if (sent || !/"stage":"fusion","step":1,.*"cell":"cells\/full-7"/.test(err)) return;
      sent = true;
      child.kill('SIGINT');
    });
    expect(first.code, first.err).toBe(130);
    expect(events(first.out)).toEqual([
      expect.objectContaining({ type: 'summary', finished: 0, cells: 2, interrupted: true }),
    ]);

    const second = await uniecs(...args, '--log-format', 'jsonl');
    expect(second.code, second.err).toBe(0);
    const steps = events(second.err).filter(({ type }) => type === 'step');
    expect(steps.filter(({ cell, stage }) => cell === 'cells/full-7' && stage === 'alignment')).toEqual([]);
    expect(steps.filter(({ cell }) => cell === 'cells/text-only-7')).toHaveLength(4);
    const report = JSON.parse(await readFile(at('stopped/beyond-text.json'), 'utf8'));
    expect(report).toMatchObject({ runs: { planned: 2, finished: 2 }, baseline: 'full' });
    // The products of the held-out pairs, twice as many as pairs, and all others to train on.
    const { train, validation, test } = report.recipe.data;
    const lines = (await readFile(at('cat/catalog.jsonl'), 'utf8')).trim().split('\n').length;
    expect([validation.products, test.products, train.products]).toEqual([20, 40, lines - 60]);

    const third = await uniecs(...args);
    expect(third.code, third.err).toBe(0);
    expect(third.err).toContain('2 runs of 4 steps, 2 of them done before');
    expect(third.out).toMatch(
      /^arm +seeds +R@10 +nDCG@10 +hit@10 +nDCG@10 from full +95 % over queries +± over seeds\nfull/,
    );
    expect(third.out).toContain(at('stopped/beyond-text.html'));
    expect(await readFile(at('stopped/beyond-text.md'), 'utf8')).toContain('| text only | 7 | finished |');

    // A stage is no folder of the other commands, and they say so.
    const model = at('stopped/cells/full-7/fusion');
    const judged = await uniecs('eval', '--model', model, '--pairs', at('cat/test.jsonl'));
    expect(judged.err).toContain('a two-tower model');
    expect(judged.code).toBe(2);
  });

  it.each([
    [
      'fields that the catalogue has not',
      ['--fields', 'type=kind,colour=hue,usage=audience'],
      "products with the field 'hue', got none, but fields brand, kind",
    ],
    ['a catalogue that is not there', ['--catalog', 'none.jsonl'], 'none.jsonl'],
    ['a start that is no model', ['--init', 'none'], 'a model in none to start from'],
    ['another recipe in a folder', ['--out', 'stopped', '--lr', '0.5'], 'settings.learningRate 0.5 instead of 0.001'],
    ['a folder that holds something else', ['--out', 'cat'], 'the folder of this recipe'],
  ])('refuses %s before anything is trained, and exits 2', async (_, flags, complaint) => {
    const own = flags.map((word) => (['stopped', 'cat'].includes(word) ? at(word) : word));
    const { code, err } = await uniecs(...recipe('--out', at('never'), ...own, '--log-format', 'jsonl'));
    expect(err).not.toContain('"type":"step"');
    expect(err).toContain(complaint);
    expect(code, err).toBe(2);
    expect(existsSync(at('never'))).toBe(false);
  });
});
