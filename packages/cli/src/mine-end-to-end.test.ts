import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { lossesOf, runCommand as uniecs } from './testing/run-command.js';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

let folder: string;
const at = (...parts: string[]) => join(folder, ...parts);
const pairsFile = () => at('data', 'train.jsonl');

function train(out: string, ...flags: string[]) {
  const files = ['--train', pairsFile(), '--val', at('data', 'val.jsonl'), '--out', at(out)];
  const small = ['--batch-size', '8', '--drop', 'CMAL,CLAL,IMCL', '--device', 'cpu', '--image-cache', 'off'];
  return uniecs('train', ...files, ...small, ...flags);
}
const mine = (out: string, ...flags: string[]) =>
  uniecs('mine', '--pairs', pairsFile(), '--out', at(out), ...flags, ...cache(flags));
const cache = (flags: string[]) => (flags.includes('--model') ? ['--embedding-cache', at('kept')] : []);
const linesOf = async (file: string) =>
  (await readFile(at(file), 'utf8'))
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'uniecs-mine-'));
  await uniecs('data', 'generate', '--out', at('data'), '--pairs', '40');
  expect(await train('start', '--steps', '1')).toMatchObject({ code: 0 });
});
afterAll(() => rm(folder, { recursive: true }));

describe('uniecs mine', () => {
  it('writes negatives of the tasks asked for, and train takes them, also when it goes on', async () => {
    const found = await mine('n.jsonl', '--model', at('start'), '--tasks', 'vt->vt,v->v', '--count', '2');
    expect(found).toMatchObject({ code: 0 });
    expect(found.out).toMatch(/vt->vt: 80 negatives of 40 queries\nv->v: 80 negatives of 40 queries\nhard negatives: /);
    const [header, ...lines] = await linesOf('n.jsonl');
    expect(header).toMatchObject({
      format: 'uniecs hard negatives',
      pairs: { pairs: 40 },
      rules: { count: 2, seed: 7 },
    });
    expect(header.scoredBy.model).toMatch(/^[0-9a-f]{16}$/);
    expect(lines).toHaveLength(80);
    const pairs = await linesOf(join('data', 'train.jsonl'));
    for (const { line, query, positive, positiveScore, negatives } of lines) {
      expect(pairs[line - 1]).toMatchObject({ item_id_1: query, item_id_2: positive });
      expect(Math.abs(positiveScore)).toBeLessThan(1.001);
      for (const negative of negatives) {
        expect(pairs[negative.line - 1].item_id_2).toBe(negative.id);
        expect(negative.id).not.toBe(positive);
      }
    }

    const flags = ['--hard-negatives', at('n.jsonl'), '--log-format', 'jsonl'];
    const whole = await train('with', '--epochs', '2', ...flags);
    expect(whole).toMatchObject({ code: 0 });
    const without = await train('without', '--epochs', '2', '--log-format', 'jsonl');
    expect(lossesOf(whole)).toHaveLength(10);
    expect(lossesOf(whole)).not.toEqual(lossesOf(without));

    // A run that goes on knows its negatives, and takes no others.
    const { inputs } = JSON.parse(await readFile(at('with', 'config.json'), 'utf8'));
    expect(inputs.hardNegatives).toBe('../n.jsonl');
    expect(await uniecs('train', '--out', at('with'), '--resume', '--device', 'cpu')).toMatchObject({ code: 0 });
    await mine('others.jsonl', '--model', at('start'), '--count', '1');
    const again = await uniecs('train', '--out', at('with'), '--resume', '--hard-negatives', at('others.jsonl'));
    expect(again.code).toBe(2);
    expect(again.err).toMatch(/checkpoint/);
  });

  it('mines by embeddings computed elsewhere, and says how many queries have fewer than asked for', async () => {
    const items = at('data', 'catalog.jsonl');
    await uniecs('embed', '--model', at('start'), '--items', items, '--out', at('all.safetensors'));
    const flags = ['--embeddings', at('all.safetensors'), '--tasks', 't->v', '--range-max', '5', '--count', '9'];
    const found = await mine('e.jsonl', ...flags, '--sampling', 'random', '--seed', '3');
    expect(found).toMatchObject({ code: 0 });
    expect(found.out).toContain('t->v: 200 negatives of 40 queries; 40 queries have fewer than 9, 0 of them none');
    const none = await mine('none.jsonl', ...flags, '--max-score', '-1');
    expect(none.out).toContain('t->v: 0 negatives of 40 queries; 40 queries have fewer than 9, 40 of them none');
    expect(await train('by-none', '--steps', '1', '--hard-negatives', at('none.jsonl'))).toMatchObject({ code: 0 });
  });

  it.each<[string, string[], RegExp]>([
    ['no model', [], /'--model <dir>' or '--embeddings <file>' not specified/],
    ['a model that is not there', ['--model', 'nowhere'], /nowhere/],
    ['an unknown task', ['--model', 'start', '--tasks', 'x->v'], /tasks out of t->t.*'x->v'/s],
    ['an empty range', ['--model', 'start', '--range-min', '5', '--range-max', '5'], /'--range-max' must be above/],
    ['a margin below 0', ['--model', 'start', '--absolute-margin', '-0.1'], /a number from 0/],
    ['a relative margin above 1', ['--model', 'start', '--relative-margin', '2'], /a number from 0 to 1/],
    ['--fuse with a model', ['--model', 'start', '--fuse', 'sum'], /'--fuse' is for --embeddings/],
  ])('refuses %s and writes nothing', async (_, flags, message) => {
    const there = flags.map((flag) => (flag === 'start' || flag === 'nowhere' ? at(flag) : flag));
    const { code, err } = await mine('refused.jsonl', ...there);
    expect(code).not.toBe(0);
    expect(err).toMatch(message);
    await expect(readFile(at('refused.jsonl'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('train refuses negatives of other pairs and damaged files before its first step, and leaves no run', async () => {
    await mine('whole.jsonl', '--model', at('start'));
    const text = await readFile(at('whole.jsonl'), 'utf8');
    await writeFile(at('cut.jsonl'), text.slice(0, -20));
    const other = ['--pairs', at('data', 'val.jsonl'), '--out', at('val.jsonl')];
    await uniecs('mine', '--model', at('start'), '--embedding-cache', 'off', ...other);
    for (const [file, message] of [
      ['cut.jsonl', /no JSON.*cut\.jsonl:41/],
      ['val.jsonl', /negatives of the pairs that are trained on, 40/],
      ['missing.jsonl', /missing\.jsonl/],
    ] as const) {
      const { code, err } = await train('refused', '--hard-negatives', at(file));
      expect(code).toBe(2);
      expect(err).toMatch(message);
      await expect(readFile(at('refused', 'config.json'))).rejects.toMatchObject({ code: 'ENOENT' });
    }
  });
});
