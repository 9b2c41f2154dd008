import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { runInNewContext } from 'node:vm';
import { type BuildOptions, build } from 'esbuild';
import { describe, expect, it, vi } from 'vitest';

vi.setConfig({ testTimeout: 30_000 });

const here = fileURLToPath(new URL('.', import.meta.url));
const own = { '@uniecs/gated-fusion': `${here}index.ts` };

/** A minified browser bundle. esbuild fails on any Node module, since `platform: 'browser'` resolves none. */
async function bundle(contents: string, options: BuildOptions = {}) {
  const stdin = { contents, resolveDir: here };
  const absWorkingDir = fileURLToPath(new URL('..', import.meta.url));
  const shared = {
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    platform: 'browser',
    format: 'iife',
    alias: own,
  } as const;
  const { outputFiles, metafile } = await build({
    stdin,
    ...shared,
    ...options,
    absWorkingDir,
    logLevel: 'silent',
  });
  const bytes = Object.values(metafile?.outputs ?? {}).flatMap((output) => Object.entries(output.inputs));
  return {
    code: outputFiles?.[0]?.text as string,
    bytes: bytes.map(([path, { bytesInOutput }]) => ({ path, bytesInOutput })),
  };
}

describe('a browser bundle', () => {
  it('is small, holds nothing but this package and @uniecs/tensor, and imports tfjs-core alone', async () => {
    const { code, bytes } = await bundle(`export * from '@uniecs/gated-fusion';`, {
      external: ['@tensorflow/tfjs-core'],
      format: 'esm',
    });
    const kilobytes = (from: RegExp) =>
      bytes.filter(({ path }) => from.test(path)).reduce((sum, { bytesInOutput }) => sum + bytesInOutput / 1000, 0);
    const [ours, tensor, all] = [kilobytes(/^src\//), kilobytes(/tensor\/dist\//), kilobytes(/./)];
    console.info(`minified, without tfjs: gated-fusion ${ours.toFixed(1)} kB, tensor ${tensor.toFixed(1)} kB`);
    expect(ours).toBeGreaterThan(1);
    expect(ours).toBeLessThan(15);
    expect(ours + tensor).toBeCloseTo(all);
    expect(all).toBeLessThan(200);
    const external = new Set(Array.from(code.matchAll(/from\s*"([^"]+)"/g), (match) => match[1]));
    expect([...external]).toEqual(['@tensorflow/tfjs-core']);
  });

  it("runs the README's example where there is no Node", async () => {
    const readme = await readFile(`${here}../README.md`, 'utf8');
    const example = /```js\n([\s\S]*?)```/.exec(readme)?.[1] as string;
    const { code } = await bundle(example, { define: { process: 'undefined' } });
    const printed: unknown[] = [];
    const console = { log: (value: unknown) => printed.push(value), warn: () => {}, info: () => {}, error: () => {} };
    const page: Record<string, unknown> = { console, performance, setTimeout, clearTimeout, TextEncoder, TextDecoder };
    // What tfjs asks to know a browser by.
    Object.assign(page, { self: page, window: page, document: {}, navigator: { userAgent: 'browser' } });
    runInNewContext(code, page);
    const scores = JSON.parse(JSON.stringify(printed[0])) as number[][];
    expect(scores.map((row) => row.length)).toEqual([2]);
    for (const score of scores[0] as number[]) expect(Math.abs(score)).toBeLessThanOrEqual(1 + 1e-6);
    expect(scores[0]?.[0]).not.toBe(scores[0]?.[1]);
  });
});
