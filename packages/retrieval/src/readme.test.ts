import '@tensorflow/tfjs-backend-cpu';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { expect, it } from 'vitest';
import type { SearchHit } from './index.js';

const here = new URL('.', import.meta.url).pathname;

/** Replaces what must be there. */
function replaced(text: string, what: string, by: string): string {
  expect(text).toContain(what);
  return text.replaceAll(what, by);
}

it('the example of the README runs, with fewer pairs and steps', async () => {
  const readme = await readFile(join(here, '../README.md'), 'utf8');
  const cache = join(here, '../../../node_modules/.cache');
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, 'uniecs-retrieval-'));
  let contents = /```ts\n(.*?)```/s.exec(readme)?.[1] as string;
  contents = replaced(contents, "'shop", `'${folder}/shop`);
  contents = replaced(contents, '{ train: 240, val: 40, test: 40 }', '{ train: 12, val: 4, test: 2 }');
  contents = replaced(contents, 'epochs: 5, batchSize: 48', "steps: 2, batchSize: 6, drop: ['CMAL', 'CLAL']");
  try {
    const outfile = join(folder, 'example.mjs');
    const stdin = { contents, loader: 'ts', resolveDir: here } as const;
    const alias = { '@uniecs/retrieval': join(here, 'index.ts') };
    await build({ stdin, alias, bundle: true, packages: 'external', platform: 'node', format: 'esm', outfile });
    const { hits, similar } = (await import(/* @vite-ignore */ outfile)) as Record<'hits' | 'similar', SearchHit[]>;
    expect(hits.length).toBeGreaterThan(0);
    for (const { metadata } of hits) expect(metadata.price).toBeLessThan(60);
    expect(similar).toHaveLength(5);
    const scores = similar.map(({ score }) => score);
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
  } finally {
    await rm(folder, { recursive: true });
  }
});
