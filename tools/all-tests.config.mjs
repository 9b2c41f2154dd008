import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

/**
 * All packages in one run and one pool of processes. Not named vitest.config: vitest looks for that upwards, and
 * `npx vitest run` in a package's folder is to run that package alone.
 */
export default defineConfig({
  root: join(import.meta.dirname, '..'),
  test: {
    projects: ['packages/*', 'tools'],
    // tfjs recommends its native backend once per test file; false keeps a line out
    onConsoleLog: (line) => !line.includes('you are running TensorFlow.js in Node.js'),
  },
});
