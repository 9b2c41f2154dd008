import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { lossesOf, runCommand as uniecs } from './testing/run-command.js';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

let folder: string;
const at = (...parts: string[]) => join(folder, ...parts);
const device = ['--device', 'cpu'];

async function linesOf(file: string): Promise<Record<string, unknown>[]> {
  const text = await readFile(at(file), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}
const write = (file: string, lines: readonly object[]) =>
  writeFile(at(file), lines.map((line) => `${JSON.stringify(line)}\n`).join(''));

/** The lines of a file with further images: those of the next lines. */
async function withMore(from: string, to: string, fields: readonly string[], more = 2) {
  const lines = await linesOf(from);
  const other = (line: number, field: string) => (lines[line % lines.length] as Record<string, unknown>)[field];
  await write(
    to,
    lines.map((line, i) => ({
      ...line,
      ...Object.fromEntries(
        fields.map((field) => [field, Array.from({ length: more }, (_, k) => other(i + k, field))]),
      ),
    })),
  );
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'uniecs-several-'));
  await uniecs('data', 'generate', '--out', at('data'), '--pairs', '24');
  for (const split of ['train', 'val']) {
    await withMore(`data/${split}.jsonl`, `data/${split}-several.jsonl`, ['item_image_1', 'item_image_2']);
  }
  await withMore('data/catalog.jsonl', 'data/catalog-several.jsonl', ['image']);
});
afterAll(() => rm(folder, { recursive: true }));

function train(out: string, suffix: string, ...flags: string[]) {
  const files = ['--train', at('data', `train${suffix}.jsonl`), '--val', at('data', `val${suffix}.jsonl`)];
  const small = ['--batch-size', '8', '--epochs', '2', '--drop', 'CMAL,CLAL,IMCL', '--image-cache', 'off'];
  return uniecs('train', ...files, '--out', at(out), ...small, ...device, '--log-format', 'jsonl', ...flags);
}

describe('several images of an item', () => {
  it('train a model, drawn by the seed, which judges, embeds, indexes and finds them', async () => {
    const several = await train('several', '-several');
    expect(several).toMatchObject({ code: 0 });
    expect(lossesOf(several)).not.toEqual(lossesOf(await train('one', '')));
    expect(lossesOf(several)).toEqual(lossesOf(await train('again', '-several')));

    const cache = ['--embedding-cache', at('kept')];
    const judge = (file: string) =>
      uniecs('eval', '--model', at('several'), '--pairs', at('data', file), ...device, ...cache);
    const judged = await judge('val-several.jsonl');
    expect(judged).toMatchObject({ code: 0 });
    const again = await judge('val-several.jsonl');
    expect(again.out).toBe(judged.out);
    expect(again.err).toMatch(/embeddings of (\d+) of \1 items were there/);
    expect((await judge('val.jsonl')).err).not.toMatch(/were there/);

    const items = ['--model', at('several'), '--items', at('data', 'catalog-several.jsonl')];
    expect(await uniecs('embed', ...items, '--out', at('x.safetensors'))).toMatchObject({ code: 0 });
    expect(await uniecs('index', ...items, '--to', at('index'), '--store', 'exact')).toMatchObject({ code: 0 });
    const search = await uniecs('search', '--model', at('several'), '--index', at('index'), '--text', 'red', '--json');
    expect(search).toMatchObject({ code: 0 });
    const [first] = await linesOf('data/catalog-several.jsonl');
    const like = ['--like', String(first?.id), '--json', '--k', '1'];
    const found = await uniecs('search', '--model', at('several'), '--index', at('index'), ...like);
    expect(found).toMatchObject({ code: 0 });
  });

  it('train from frozen encoders as well, every image encoded once', async () => {
    const frozen = ['--init', at('start'), '--freeze', 'encoders', '--feature-cache', at('features')];
    expect(await train('start', '')).toMatchObject({ code: 0 });
    const first = await train('frozen', '-several', ...frozen);
    expect(first).toMatchObject({ code: 0 });
    const second = await train('frozen-again', '-several', ...frozen);
    expect(lossesOf(second)).toEqual(lossesOf(first));
  });

  it('are validated and reported, a missing one by its line', async () => {
    const good = await uniecs('data', 'validate', at('data', 'train-several.jsonl'));
    expect(good).toMatchObject({ code: 0 });
    const [line] = await linesOf('data/train-several.jsonl');
    const images = line?.item_image_1 as string[];
    await write('data/bad.jsonl', [{ ...line, item_image_1: [...images, 'images/none.png'] }]);
    const bad = await uniecs('data', 'validate', at('data', 'bad.jsonl'));
    expect(bad.code).toBe(2);
    expect(bad.out + bad.err).toMatch(/bad\.jsonl:1: image is missing: .*none\.png/);
  });
});
