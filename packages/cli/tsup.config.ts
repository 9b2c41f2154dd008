import { defineConfig } from 'tsup';
import { library } from '../../tsup.base.js';

export default defineConfig(
  library({
    index: 'src/index.ts',
    uniecs: 'src/uniecs.ts',
    'tfjs-probe': 'src/tfjs-probe.ts',
    'parquet-worker': 'src/parquet-worker.ts',
  }),
);
