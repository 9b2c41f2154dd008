import { join } from 'node:path';
import type { LossTerm } from '@uniecs/losses';
import { type EvaluationReport, formatTaskTable, recallMeaning } from '@uniecs/mbeer';
import { writeFileAtomic } from '@uniecs/tensor/node';
import type { ModelConfig } from '../model/model-config.js';
import type { TrainSettings } from '../training/train-settings.js';
import { modelFiles } from './model-folder.js';

/** What a model card tells. */
export interface CardContent {
  readonly config: ModelConfig;
  readonly settings: TrainSettings;
  readonly terms: readonly LossTerm[];
  readonly parameters: number;
  readonly report: EvaluationReport;
  readonly pairs: number;
  readonly step: number;
}

const modelNames = { uniecs: 'UniECS', 'clip-sf': 'CLIP_SF', 'clip-ff': 'CLIP_FF' } as const;

/** Writes the model folder's `README.md`: what the model is, how it was trained, how good it was on validation. */
export async function writeModelCard(out: string, content: CardContent): Promise<void> {
  const { config, settings, terms, parameters, report, pairs, step } = content;
  const { image, text, fusion } = config;
  const lines = [
    '# UniECS model',
    '',
    `${modelNames[config.architecture]}-${config.size}, preset \`${settings.preset}\`, ${(parameters / 1e6).toFixed(2)} M parameters, embeddings of ${fusion.width} numbers.`,
    '',
    `- Images of ${image.imageSize} x ${image.imageSize} in patches of ${image.patchSize}; titles of up to ${text.maxLength} tokens, ${text.vocabularySize} entries.`,
    `- Trained on ${pairs} product pairs with ${terms.map(({ name }) => name).join(', ')}; seed ${settings.seed}, batches of ${settings.batchSize} pairs, peak learning rate ${settings.learningRate}.`,
    `- The weights are those after step ${step}, the best on the validation pairs.`,
    '',
    '## Validation',
    '',
    formatTaskTable(report, 'markdown'),
    '',
    `Queries are the first items of the pairs, candidates the second items of all pairs; v: image, t: title, vt: both. ${recallMeaning}`,
    '',
    '## Use',
    '',
    '```sh',
    `uniecs index  --model ${out} --items items.jsonl --store lancedb --to index`,
    `uniecs search --model ${out} --index index --text "red shirt"`,
    '```',
    '',
  ];
  await writeFileAtomic(join(out, modelFiles.card), lines.join('\n'));
}
