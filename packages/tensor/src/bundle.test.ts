import { join } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { expect, it } from 'vitest';

/** Bundles what the built package exports for a browser; a Node built-in would be an error. */
async function bundle(
  contents: string,
  tfjsInside = true,
): Promise<{ bytes: number; metafile: Metafile; text: string }> {
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: join(import.meta.dirname, '..') },
    bundle: true,
    platform: 'browser',
    format: 'esm',
    minify: true,
    write: false,
    metafile: true,
    logLevel: 'silent',
    external: tfjsInside ? [] : ['@tensorflow/tfjs-core'],
  });
  const text = outputFiles[0]?.text ?? '';
  return { bytes: text.length, metafile, text };
}

it('the main entry bundles for a browser, with tfjs, without any Node module', async () => {
  const { metafile } = await bundle("import * as tensor from '@uniecs/tensor'; console.log(tensor);");
  const inputs = Object.keys(metafile.inputs);
  expect(inputs.some((path) => path.endsWith('packages/tensor/dist/index.js') || path === 'dist/index.js')).toBe(true);
  expect(inputs.some((path) => path.includes('tfjs-core'))).toBe(true);
  const imports = Object.values(metafile.inputs).flatMap((file) => file.imports.filter((used) => used.external));
  expect(imports).toEqual([]);
});

it('one import brings the gradients with it, in kilobytes beside tfjs', async () => {
  const { text, bytes } = await bundle("import { gelu } from '@uniecs/tensor'; console.log(gelu);", false);
  expect(text).toContain('registerGradient');
  expect(bytes).toBeLessThan(250_000);
});

it('the Node entry does not bundle for a browser: the check can fail', async () => {
  const reading = bundle("import { readSafetensors } from '@uniecs/tensor/node'; console.log(readSafetensors);");
  await expect(reading).rejects.toThrow('Could not resolve "fs/promises"');
});
