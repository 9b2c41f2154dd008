import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { expect, it } from 'vitest';

const here = new URL('.', import.meta.url).pathname;

it('the example of the README runs', async () => {
  const readme = await readFile(join(here, '../README.md'), 'utf8');
  const contents = /```ts\n(.*?)```/s.exec(readme)?.[1] as string;
  const cache = join(here, '../../../node_modules/.cache');
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, 'uniecs-adaptive-weighting-'));
  try {
    const outfile = join(folder, 'example.mjs');
    const stdin = { contents, loader: 'ts', resolveDir: here } as const;
    const alias = { '@uniecs/adaptive-weighting': join(here, 'index.ts') };
    await build({ stdin, alias, bundle: true, packages: 'external', platform: 'node', format: 'esm', outfile });
    const { log } = (await import(/* @vite-ignore */ outfile)) as { log: { weights: number[]; entropy: number }[] };
    expect(log).toHaveLength(20);
    expect(log[0]?.weights).toEqual([1, 1]);
    expect(log[0]?.entropy).toBeCloseTo(Math.log(2), 6);
    const [first = 0, second = 0] = log.at(-1)?.weights ?? [];
    expect(first + second).toBeCloseTo(1, 4);
    expect(Math.min(first, second)).toBeGreaterThanOrEqual(0.0999);
  } finally {
    await rm(folder, { recursive: true });
  }
});
