import { readFile } from 'node:fs/promises';
import * as tf from '@tensorflow/tfjs-core';
import type { Plugin } from 'esbuild';
import { defineConfig } from 'tsup';
import { library } from '../../tsup.base.js';

const camelCase = (file: string) => file.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

/**
 * tfjs-core's gradients cannot be imported in Node as published (extensionless ES modules in a CommonJS package), so they are
 * bundled here once. Ops that tfjs-core exports stay imports of it: one copy of each op, and a small file.
 */
const bundleGradients: Plugin = {
  name: 'bundle-gradients',
  setup(build) {
    build.onLoad({ filter: /tfjs-core\/dist\/register_all_gradients\.js$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      const end = source.indexOf('for (const gradientConfig of');
      if (end < 0)
        throw new Error(`bundle-gradients: ${path} has another form than in tfjs-core 4.22; adapt the plugin`);
      return { contents: `${source.slice(0, end)}\nexport { gradConfigs as gradients };`, loader: 'js' };
    });
    build.onResolve({ filter: /^\.\.\/(ops\/\w+|kernel_names)$/ }, ({ path, importer }) => {
      if (!/tfjs-core\/dist\/gradients\//.test(importer)) return undefined;
      if (path === '../kernel_names') return { path: '@tensorflow/tfjs-core', external: true };
      const name = camelCase(path.slice('../ops/'.length));
      return typeof (tf as Record<string, unknown>)[name] === 'function'
        ? { path: name, namespace: 'public-op' }
        : undefined;
    });
    build.onLoad({ filter: /.*/, namespace: 'public-op' }, ({ path }) => ({
      contents: `export { ${path} } from '@tensorflow/tfjs-core';`,
      loader: 'js',
    }));
  },
};

export default defineConfig([
  library(
    { index: 'src/index.ts', node: 'src/node.ts', testing: 'src/testing.ts' },
    { external: ['#gradients', 'vitest'], clean: false },
  ),
  {
    entry: { gradients: 'src/gradients.ts' },
    format: ['esm'],
    target: 'es2022',
    minify: true,
    noExternal: [/tfjs-core\/dist/],
    esbuildPlugins: [bundleGradients],
  },
]);
