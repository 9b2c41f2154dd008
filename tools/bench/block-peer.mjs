// The four layers compiled by ours, as a child process.
import '@tensorflow/tfjs-backend-cpu';
import { compile } from '@uniecs/compile';
import { blockWork, normOf } from './block.mjs';
import { peakBytes, serve, timed } from './peer.mjs';

const { module, gradients, input } = blockWork();
const run = compile(gradients, { state: module, name: 'layers' });
const x = { dtype: /** @type {const} */ ('float32'), ...input };

await serve(
  { ready: process.version },
  {
    block: async () => {
      /** @type {Awaited<ReturnType<typeof run>> | undefined} */
      let out;
      const ms = await timed(async () => {
        out = await run({ x });
      });
      return { ms, loss: out?.loss.data[0], norm: normOf(out?.gradients.map(({ data }) => data) ?? []) };
    },
    peak: () => ({ bytes: peakBytes() }),
  },
);
