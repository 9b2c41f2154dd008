import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';

const here = new URL('.', import.meta.url).pathname;
const entries = ['index', 'cmal', 'clal', 'imcl'];
const subpath = (entry: string) => `@uniecs/losses${entry === 'index' ? '' : `/${entry}`}`;
const alias = Object.fromEntries(entries.map((entry) => [subpath(entry), `${here}${entry}.ts`]));

/** Bundles code for a browser; `@uniecs/losses` means the sources beside this file, tfjs-core stays an import. */
async function bundleForBrowser(contents: string) {
  const { metafile } = await build({
    stdin: { contents, loader: 'ts', resolveDir: here },
    alias,
    bundle: true,
    // As in an installed package: esbuild would follow the paths of the workspace's tsconfig.json files.
    tsconfigRaw: {},
    platform: 'browser',
    format: 'esm',
    metafile: true,
    write: false,
    external: ['@tensorflow/tfjs-core', '@tensorflow/tfjs-core/*'],
  });
  const [output] = Object.values(metafile.outputs);
  if (!output) throw new Error('esbuild wrote nothing');
  const used = Object.entries(output.inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
  return { imports: output.imports.map(({ path }) => path), files: used.map(([path]) => path) };
}

/** Runs code as a module of its own and returns what it exports. */
async function execute(contents: string): Promise<Record<string, unknown>> {
  const cache = join(here, '../../../node_modules/.cache');
  await mkdir(cache, { recursive: true });
  const folder = await mkdtemp(join(cache, 'uniecs-losses-'));
  try {
    const outfile = join(folder, 'module.mjs');
    const stdin = { contents, loader: 'ts', resolveDir: here } as const;
    await build({ stdin, alias, bundle: true, packages: 'external', platform: 'node', format: 'esm', outfile });
    return await import(/* @vite-ignore */ outfile);
  } finally {
    await rm(folder, { recursive: true });
  }
}

describe.each(entries)('the entry %s', (entry) => {
  it('bundles for a browser, gradients included, without a Node import', async () => {
    const { imports, files } = await bundleForBrowser(`export * from '${subpath(entry)}'`);
    expect(imports).toContain('@tensorflow/tfjs-core');
    expect(imports.filter((path) => !path.startsWith('@tensorflow/tfjs-core'))).toEqual([]);
    expect(files.some((path) => path.endsWith('tensor/dist/gradients.js'))).toBe(true);
  });
});

const others: Record<string, string[]> = {
  cmal: ['pdc', 'plc', 'v2v', 't2t', 'presets'],
  clal: ['v2t', 'pml', 'v2v', 't2t', 'presets', 'temperature', 'info-nce'],
  imcl: ['v2t', 'pml', 'pdc', 'plc', 'presets'],
};

describe.each(Object.keys(others))('the subpath %s', (group) => {
  it('contains nothing of the other groups', async () => {
    const { files } = await bundleForBrowser(`export * from '${subpath(group)}'`);
    const inputs = files.map((path) => path.split('/').at(-1));
    expect(inputs).toContain(`${group}.ts`);
    expect(inputs.filter((name) => others[group]?.includes(String(name).replace('.ts', '')))).toEqual([]);
  });

  it('trains alone: finite losses and gradients', async () => {
    const { results } = await execute(`
      import '@tensorflow/tfjs-backend-cpu';
      import * as tf from '@tensorflow/tfjs-core';
      import { ${group} } from '@uniecs/losses/${group}';
      const x = tf.variable(tf.tensor2d([[0.6, 0.8], [-0.8, 0.6], [0, 1]]));
      const ones = tf.ones([3]);
      const valid = { fused: ones, image: ones, text: ones };
      const item = (sign, first) => ({
        fused: x, image: tf.mul(x, sign), text: tf.reverse(x, 1), valid,
        productId: tf.tensor1d([first, first + 1, first + 2], 'int32'),
      });
      export const results = ${group}().map((term) => {
        const { value, grads } = tf.variableGrads(() => term.compute({ item1: item(1, 0), item2: item(-1, 9) }).loss, [x]);
        return { name: term.name, loss: value.dataSync()[0], gradient: Array.from(grads[x.name].dataSync()) };
      });
    `);
    const terms = results as { name: string; loss: number; gradient: number[] }[];
    expect(terms).toHaveLength(2);
    for (const { loss, gradient } of terms) {
      expect(loss).toBeGreaterThan(0);
      expect(gradient.every(Number.isFinite)).toBe(true);
    }
  });
});

it('the example of the README runs', async () => {
  const readme = await readFile(`${here}../README.md`, 'utf8');
  const { values } = await execute(/```ts\n(.*?)```/s.exec(readme)?.[1] as string);
  const rows = values as { name: string; loss: number; anchors: number }[];
  expect(rows.map(({ name }) => name)).toEqual(['V2T', 'PML', 'PDC', 'V2V', 'T2T', 'TASKS', 'NORM']);
  for (const { loss } of rows) expect(Number.isFinite(loss)).toBe(true);
  expect(rows[0]?.anchors).toBe(4);
});
