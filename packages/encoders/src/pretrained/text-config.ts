import { join } from 'node:path';
import type { BertConfig } from '../models/bert.js';
import { checkpointError } from './checkpoint-error.js';
import { type CheckpointFolder, requireConfig } from './checkpoint-folder.js';
import { configValues } from './config-values.js';
import { activationOf, checkHeads } from './known-forms.js';
import type { ReadConfig } from './vision-config.js';

/** The form of a BERT, its vocabulary as its table of words has it. */
export interface TextForm {
  readonly config: Required<Omit<BertConfig, 'maxLength'>>;
  /** Rows of the table of token types. */
  readonly types: number;
}

/**
 * The form of a checkpoint's BERT, from `config.json`.
 *
 * @throws UniecsError `unsupported` for another model, `data` for values that make no sense, `file` where there is no configuration
 */
export async function readTextConfig(folder: CheckpointFolder): Promise<TextForm & Pick<ReadConfig<never>, 'notes'>> {
  const file = join(folder.path, 'config.json');
  const whole = await requireConfig(folder);
  const values = configValues(whole, file);
  const type = values.text('model_type', 'bert');
  const positions = values.text('position_embedding_type', 'absolute');
  const fault = (expected: string, got: string) =>
    checkpointError('unsupported', file, { expected, got, hint: 'import an encoder of the BERT family' });
  if (type !== 'bert') throw fault("a BERT (model_type 'bert')", `'${type}'`);
  if (positions !== 'absolute') throw fault("positions of type 'absolute'", `'${positions}'`);
  if (values.flag('is_decoder', false)) throw fault('an encoder', 'a decoder');
  const width = values.whole('hidden_size', 768, 65_536);
  const heads = values.whole('num_attention_heads', 12);
  checkHeads(folder.path, width, heads);
  const dropout = values.number('hidden_dropout_prob', 0.1);
  const onAttention = values.number('attention_probs_dropout_prob', 0.1);
  const different = `dropout of attention ${onAttention} in the checkpoint: here it is ${dropout}, as everywhere else`;
  if (dropout >= 1) {
    throw checkpointError('data', file, {
      expected: 'a dropout below 1',
      got: `${dropout}`,
      hint: 'correct the configuration',
    });
  }
  return {
    config: {
      vocabularySize: values.whole('vocab_size', 30_522, 1e7),
      positions: values.whole('max_position_embeddings', 512),
      width,
      layers: values.whole('num_hidden_layers', 12, 1000),
      heads,
      ffnRatio: values.whole('intermediate_size', 3072) / width,
      dropout,
      activation: activationOf(values.text('hidden_act', 'gelu'), file),
      epsilon: values.number('layer_norm_eps', 1e-12),
    },
    types: values.whole('type_vocab_size', 2),
    notes: dropout === onAttention ? [] : [different],
  };
}
