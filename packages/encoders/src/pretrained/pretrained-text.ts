import { disposeModule } from '@uniecs/tensor';
import { type Bert, bert } from '../models/bert.js';
import { checkpointError } from './checkpoint-error.js';
import { openCheckpoint } from './checkpoint-weights.js';
import { loadParameters, type ParameterValues, zeros } from './load-parameters.js';
import { type CheckpointReport, checkMatch, matchWeights } from './match-weights.js';
import { bertShapes } from './parameter-shapes.js';
import { readTextConfig } from './text-config.js';
import { readTokenizerFiles } from './tokenizer-files.js';
import { bertLayout } from './weight-layout.js';

/** How a text encoder is loaded. */
export interface PretrainedTextOptions {
  /** Most tokens of a title, L; default `atMost`, or the checkpoint's positions where they are fewer. */
  readonly maxLength?: number | undefined;
  /** Default 64, as of size base. */
  readonly atMost?: number | undefined;
}

/** A text encoder with the weights of a checkpoint, and the tokenizer that they were trained with. */
export interface PretrainedText {
  /** Its variables are the caller's to dispose. */
  readonly encoder: Bert;
  /** The content of a `tokenizer.json`, for `loadTokenizer`. */
  readonly tokenizer: object;
  readonly report: CheckpointReport;
}

const words = 'embeddings.word_embeddings.weight';
const types = 'embeddings.token_type_embeddings.weight';

/**
 * Loads a text encoder of the BERT family from a local checkpoint of Hugging Face: a BertModel, by itself or within another model, whose
 * heads are left out. Single or sharded, float32 or halves, which become float32.
 *
 * The table of words is cut to the tokenizer's ids: rows beyond, which pad some tables, no title can ask for.
 *
 * @param path the folder, or its safetensors file
 * @throws UniecsError `data` where names or shapes do not fit, with the report in `details.report`, a weight is not finite, the tokenizer
 *   has more tokens than the table, or a file lies outside the folder; `unsupported` for a pickle or another model; `argument` for a
 *   maxLength beyond the positions; `file` for missing or damaged files
 */
export async function pretrainedText(path: string, options: PretrainedTextOptions = {}): Promise<PretrainedText> {
  const checkpoint = await openCheckpoint(path);
  const { folder, tensors } = checkpoint;
  const form = await readTextConfig(folder);
  const layout = bertLayout(tensors.keys());
  if (!layout) {
    throw checkpointError('unsupported', path, {
      expected: 'weights of a BERT (embeddings.word_embeddings.weight and so on)',
      got: `${tensors.size} weights of other names (${[...tensors.keys()].slice(0, 3).join(', ')})`,
      hint: 'import an encoder of the BERT family',
    });
  }
  const { positions, width, vocabularySize: rows } = form.config;
  const maxLength = options.maxLength ?? Math.min(options.atMost ?? 64, positions);
  if (!Number.isInteger(maxLength) || maxLength < 2 || maxLength > positions) {
    throw checkpointError('argument', path, {
      expected: `a maxLength from 2 to ${positions}, the checkpoint's positions`,
      got: `${maxLength}`,
      hint: 'correct it, or leave it out',
    });
  }
  const tokenizer = await readTokenizerFiles(folder);
  const { vocabularySize } = tokenizer;
  if (vocabularySize > rows) {
    throw checkpointError('data', tokenizer.from, {
      expected: `a tokenizer of at most ${rows} tokens, as the table of words has`,
      got: `${vocabularySize}`,
      hint: 'put the tokenizer of this checkpoint beside its weights',
    });
  }
  const asStored = { ...form.config, maxLength };
  const shapes = new Map([...bertShapes(asStored), [types, [form.types, width]]]);
  const matched = matchWeights({ path, layout, tensors, shapes });
  checkMatch(matched.report);
  const encoder = bert({ ...asStored, vocabularySize, random: zeros });
  try {
    await loadParameters(encoder, checkpoint, matched, shapes, {
      [words]: (values) => withRows(values, vocabularySize),
      [types]: (values) => withRows(values, 2),
    });
  } catch (error) {
    disposeModule(encoder);
    throw error;
  }
  const cut = `${rows - vocabularySize} of ${rows} rows of the table of words left out: the tokenizer has no such ids`;
  const notes = [...form.notes, ...(rows > vocabularySize ? [cut] : [])];
  return { encoder, tokenizer: tokenizer.json, report: { ...matched.report, notes } };
}

/** The first rows of a table; zeros where it has fewer. */
function withRows({ data, shape }: ParameterValues, rows: number): ParameterValues {
  const width = shape[1] as number;
  const fitted = new Float32Array(rows * width);
  fitted.set(data.subarray(0, rows * width));
  return { data: fitted, shape: [rows, width] };
}
