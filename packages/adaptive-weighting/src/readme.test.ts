import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { expect, it } from 'vitest';

it('the example of the README runs', async () => {
  const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
  const example = /```ts\n(.*?)```/s.exec(readme)?.[1] as string;
  const folder = await mkdtemp(join(tmpdir(), 'uniecs-readme-'));
  try {
    const outfile = join(folder, 'example.cjs');
    await build({
      stdin: { contents: example, loader: 'ts', resolveDir: new URL('.', import.meta.url).pathname },
      alias: { '@uniecs/adaptive-weighting': new URL('./index.ts', import.meta.url).pathname },
      bundle: true,
      platform: 'node',
      mainFields: ['module', 'main'],
      format: 'cjs',
      outfile,
    });
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
