import { build } from 'esbuild';
import { expect, it } from 'vitest';

it('bundles for a browser without a Node import', async () => {
  const { metafile, outputFiles } = await build({
    entryPoints: [new URL('./index.ts', import.meta.url).pathname],
    bundle: true,
    tsconfigRaw: {},
    platform: 'browser',
    format: 'esm',
    metafile: true,
    write: false,
    external: ['@tensorflow/tfjs-core', '@tensorflow/tfjs-core/*'],
  });
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports.map((i) => i.path));
  expect(imports.length).toBeGreaterThan(0);
  expect(imports.filter((path) => !path.startsWith('@tensorflow/tfjs-core'))).toEqual([]);
  expect(outputFiles[0]?.text).toContain('adaptiveWeighting');
});
