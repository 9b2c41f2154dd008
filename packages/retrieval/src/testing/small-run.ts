import { join } from 'node:path';
import type { ConfigOf } from '../training/assemble-run.js';
import { type TrainOptions, trainWith } from '../training/train.js';
import type { TrainEvent } from '../training/train-events.js';
import type { SmallCatalogue } from './small-catalogue.js';
import { smallConfig } from './small-training.js';

/** The small model, of the tokenizer's words. */
export const smallConfigOfRun: ConfigOf = (_, vocabularySize) => {
  const config = smallConfig();
  return { ...config, text: { ...config.text, vocabularySize, maxLength: 8 } };
};

/** Trains the small model in a folder of the catalogue: three steps an epoch, and one term, so that compiling takes less. */
export async function smallRun(
  catalogue: SmallCatalogue,
  name: string,
  { settings, onEvent, ...more }: Partial<TrainOptions> = {},
) {
  const events: TrainEvent[] = [];
  const summary = await trainWith(
    {
      train: catalogue.train,
      validation: catalogue.validation,
      out: join(catalogue.folder, name),
      settings: {
        batchSize: 8,
        epochs: 1,
        drop: ['CMAL', 'CLAL', 'IMCL'],
        warmupSteps: 2,
        learningRate: 0.01,
        ...settings,
      },
      ...more,
      onEvent: (event) => {
        events.push(event);
        onEvent?.(event);
      },
    },
    smallConfigOfRun,
  );
  return { summary, events };
}
