import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type EncoderSizeName, encoderSizes, visionTransformer } from '@uniecs/encoders';
import {
  type CheckpointReport,
  type PretrainedVision,
  type PretrainedVisionOptions,
  pretrainedText,
  pretrainedVision,
} from '@uniecs/encoders/node';
import { disposeModule, type Module, parameters, type Random, seededRandom, UniecsError } from '@uniecs/tensor';
import { isTemporary, writeFileAtomic } from '@uniecs/tensor/node';
import { type ModelConfig, modelConfig, type PresetName } from '../model/model-config.js';
import { itemFusion } from '../model/retrieval-model.js';
import { drawFanIn } from '../training/initial-weights.js';
import { trainSettings } from '../training/train-settings.js';
import { fileError } from './file-error.js';
import { modelFiles, writeModelConfig, writeWeights } from './model-folder.js';

/** What a model is imported from. */
export interface ImportOptions extends PretrainedVisionOptions {
  /** CLIP's image encoder (`pretrainedVision`); default one of the size, drawn anew. */
  readonly vision?: string | undefined;
  /** A text encoder of the BERT family with its tokenizer (`pretrainedText`). */
  readonly text: string;
  /** The model folder that is written: new or empty. */
  readonly out: string;
  /** Of the fusion and of what is not imported; default `base`. */
  readonly size?: EncoderSizeName | undefined;
  /** Of the fusion; default `recommended`. */
  readonly preset?: PresetName | undefined;
  /** Most tokens of a title; default the size's, at most the checkpoint's positions. */
  readonly maxLength?: number | undefined;
  /** Of what is drawn; default 7, as of a run. */
  readonly seed?: number | undefined;
}

/** What was imported. */
export interface ImportSummary {
  readonly config: ModelConfig;
  /** How many numbers the model has. */
  readonly parameters: number;
  readonly vision?: CheckpointReport;
  readonly text: CheckpointReport;
}

/**
 * Writes a model folder with imported encoders and a fusion that is drawn as a run of this seed and preset would draw it, to start a
 * training from (`init`). Size `base` with CLIP ViT-B/16 and BERT base is the paper's model (4.1). Its embeddings mean nothing before it
 * is trained.
 *
 * `config.json` is written last: a folder without it was not finished, and may be written again.
 *
 * @throws UniecsError `file` when `out` holds something else or cannot be written; what `pretrainedVision` and `pretrainedText` throw, with
 *   nothing written
 */
export async function importModel(options: ImportOptions): Promise<ImportSummary> {
  const { out, seed = 7 } = options;
  const { size, preset, initialization } = trainSettings({
    size: options.size ?? 'base',
    preset: options.preset,
    seed,
  });
  await checkOut(out);
  const made: Module[] = [];
  try {
    const atMost = encoderSizes[size].text.maxLength;
    const text = await pretrainedText(options.text, { maxLength: options.maxLength, atMost });
    made.push(text.encoder);
    const image = await imageEncoder(options, size, seededRandom(seed).fork('model').fork('image_encoder'));
    made.push(image.encoder);
    const { vocabularySize } = text.encoder.config;
    const config: ModelConfig = {
      ...modelConfig(size, preset, vocabularySize),
      image: image.encoder.config,
      text: text.encoder.config,
      ...(image.preparation ? { pixels: image.preparation } : {}),
    };
    const fusion = itemFusion(config, seededRandom(seed).fork('model').fork('fusion'));
    made.push(fusion);
    const drawn = { tree: { ...(image.report ? {} : { image_encoder: image.encoder }), fusion } };
    if (initialization === 'fanIn') drawFanIn(drawn, seededRandom(seed).fork('fan-in'));
    const model = { tree: { image_encoder: image.encoder, text_encoder: text.encoder, fusion } };
    const summary: ImportSummary = {
      config,
      parameters: parameters(model).reduce((sum, variable) => sum + variable.size, 0),
      ...(image.report ? { vision: image.report } : {}),
      text: text.report,
    };
    await changing(out, () => mkdir(out, { recursive: true }));
    await writeWeights(join(out, modelFiles.weights), model, (variable) => ({
      data: variable.dataSync() as Float32Array,
    }));
    await writeFileAtomic(join(out, modelFiles.card), card(out, summary, preset, seed));
    const imported = { preset, seed, vision: summary.vision ?? null, text: summary.text };
    await writeModelConfig(out, { version: 1, model: config, imported }, text.tokenizer);
    return summary;
  } finally {
    for (const module of made) disposeModule(module);
  }
}

/** The imported image encoder, or one of the size. */
async function imageEncoder(
  { vision, imageSize, activation }: ImportOptions,
  size: EncoderSizeName,
  random: Random,
): Promise<Partial<PretrainedVision> & Pick<PretrainedVision, 'encoder'>> {
  if (vision !== undefined) return pretrainedVision(vision, { imageSize, activation });
  const { image } = encoderSizes[size];
  return { encoder: visionTransformer({ ...image, ...(imageSize === undefined ? {} : { imageSize }), random }) };
}

/** A folder that is new, empty, or one of an import that was not finished. */
async function checkOut(out: string): Promise<void> {
  const unfinished: readonly string[] = [modelFiles.weights, modelFiles.card, modelFiles.tokenizer];
  const names = await readdir(out).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return [];
    throw fileError({ where: 'importModel', action: 'to read', path: out, hint: 'choose another folder', cause });
  });
  const others = names.filter((name) => !isTemporary(name) && !unfinished.includes(name));
  if (others.length === 0) return;
  throw new UniecsError({
    code: 'file',
    where: 'importModel',
    expected: `${out} to be new or empty`,
    got: `a folder that holds ${others.slice(0, 3).join(', ')}`,
    hint: 'choose another folder',
    details: { folder: out },
  });
}

async function changing(out: string, change: () => Promise<unknown>): Promise<void> {
  await change().catch((cause: unknown) => {
    const hint = 'check the path and its permissions';
    throw fileError({ where: 'importModel', action: 'to write to', path: out, hint, cause });
  });
}

/** The folder's `README.md`. */
function card(
  out: string,
  { config, parameters, vision, text }: ImportSummary,
  preset: PresetName,
  seed: number,
): string {
  const { image, text: words, fusion } = config;
  const from = ({ path, kind, dtypes }: CheckpointReport) => `${path} (${kind}, ${dtypes.join(', ')})`;
  return [
    '# UniECS model',
    '',
    `Imported encoders under a fusion of size ${config.size}, preset \`${preset}\`, that is drawn (seed ${seed}) and **not trained**: its embeddings mean nothing yet.`,
    '',
    `- Images of ${image.imageSize} x ${image.imageSize} in patches of ${image.patchSize}, ${image.layers} layers of width ${image.width}: ${vision ? from(vision) : 'drawn'}.`,
    `- Titles of up to ${words.maxLength} tokens, ${words.vocabularySize} entries, ${words.layers} layers of width ${words.width}: ${from(text)}.`,
    `- ${(parameters / 1e6).toFixed(2)} M parameters, embeddings of ${fusion.width} numbers.`,
    ...[...(vision?.notes ?? []), ...text.notes].map((note) => `- ${note}.`),
    '',
    'The weights keep the licences of the checkpoints that they are from.',
    '',
    '## Use',
    '',
    '```sh',
    `uniecs train --init ${out} --train train.jsonl --val val.jsonl --out trained --freeze encoders`,
    '```',
    '',
  ].join('\n');
}
