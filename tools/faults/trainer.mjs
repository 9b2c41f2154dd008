// The training run that the kill harness kills: node trainer.mjs CATALOGUE OUT KEEP_LAST [unsaved-start]. Starts, or goes on with what is in
// OUT. With `unsaved-start` there is no checkpoint before the first step, as a harness must find out.
import '@tensorflow/tfjs-backend-cpu';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { readPairs, requireValid } from '@uniecs/mbeer/node';
import { checkRunFolder, train } from '@uniecs/retrieval';

const [catalogue = '', out = '', keepLast = '2', fault] = process.argv.slice(2);
const pairs = async (/** @type {string} */ name) => requireValid(await readPairs(join(catalogue, name))).pairs;
const [trainPairs, validation] = [await pairs('train.jsonl'), await pairs('val.jsonl')];
const resume = await checkRunFolder(out, true).then(
  () => true,
  () => false,
);
console.log('begin');
await train({
  train: trainPairs,
  validation,
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
  onEvent: (event) => {
    console.log(event.type, 'step' in event ? event.step : '');
    if (fault === 'unsaved-start' && event.type === 'checkpoint' && event.step === 0)
      rmSync(join(out, 'checkpoints'), { recursive: true });
  },
});
