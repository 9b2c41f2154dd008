import { defineConfig } from 'tsup';
import { library } from '../../tsup.base.js';

export default defineConfig(
  library({
    index: 'src/index.ts',
    node: 'src/node.ts',
    browser: 'src/browser.ts',
    'image-worker': 'src/image-worker.ts',
  }),
);
