// The four layers compiled by ours, as a child process.
import '@tensorflow/tfjs-backend-cpu';
import { compile } from '@uniecs/compile';
import { blockWork } from './block.mjs';
import { peakBytes, serve, timed } from './peer.mjs';

const { module, gradients, input } = blockWork();
const run = compile(gradients, { state: module, name: 'layers' });
const x = { dtype: /** @type {const} */ ('float32'), ...input };

await serve(
  { ready: process.version },
  {
    block: async () => {
      let loss = Number.NaN;
      const ms = await timed(async () => {
        loss = Number((await run({ x })).loss.data[0]);
      });
      return { ms, loss };
    },
    peak: () => ({ bytes: peakBytes() }),
  },
);
