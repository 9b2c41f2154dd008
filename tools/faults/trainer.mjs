// The training run that the kill harness kills: node trainer.mjs CATALOGUE OUT KEEP_LAST. Starts, or goes on with what is in OUT.
import '@tensorflow/tfjs-backend-cpu';
import { join } from 'node:path';
import { readPairs, requireValid } from '@uniecs/mbeer/node';
import { listCheckpoints, train } from '@uniecs/retrieval';

const [catalogue = '', out = '', keepLast = '2'] = process.argv.slice(2);
const pairs = async (/** @type {string} */ name) => requireValid(await readPairs(join(catalogue, name))).pairs;
const resume = (await listCheckpoints(join(out, 'checkpoints'))).length > 0;
await train({
  train: await pairs('train.jsonl'),
  validation: await pairs('val.jsonl'),
  out,
  resume,
  settings: {
    steps: 12,
    batchSize: 4,
    checkpointEvery: 1,
    keepLast: Number(keepLast),
    warmupSteps: 2,
    drop: ['CMAL', 'CLAL', 'IMCL'],
    tokenizer: { vocabularySize: 300 },
    fusion: { width: 32, heads: 2, dropout: 0.1 },
  },
  onEvent: (event) => console.log(event.type, 'step' in event ? event.step : ''),
});
