import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dispose, type Variable } from '@tensorflow/tfjs-core';
import { loadTokenizer, type TitleTokenizer } from '@uniecs/encoders/node';
import {
  disposeModule,
  fileTensorsToStateDict,
  loadStateDict,
  type Module,
  namedParameters,
  seededRandom,
  UniecsError,
} from '@uniecs/tensor';
import {
  type FileSystem,
  nodeFileSystem,
  readSafetensors,
  writeFileAtomic,
  writeSafetensors,
} from '@uniecs/tensor/node';
import { architectures, type ModelConfig } from '../model/model-config.js';
import { type RetrievalModel, retrievalModel } from '../model/retrieval-model.js';
import { canonicalJson } from './canonical-json.js';
import { fileError } from './file-error.js';

/** The files of a model folder: all that inference needs. */
export const modelFiles = {
  weights: 'model.safetensors',
  config: 'config.json',
  tokenizer: 'tokenizer.json',
  card: 'README.md',
} as const;

/** The content of `config.json`. */
export interface StoredConfig {
  readonly version: 1;
  readonly model: ModelConfig;
  /** The settings of the run that trained it; not needed to use the model. */
  readonly training?: unknown;
  /** What the starter of that run wanted to keep for resuming it (files, folders); not needed to use the model. */
  readonly inputs?: Readonly<Record<string, unknown>>;
  /** The device that the run was started on; not needed to use the model. */
  readonly device?: string;
  /** Where imported encoders are from; not needed to use the model. */
  readonly imported?: Readonly<Record<string, unknown>>;
}

/** A model ready for use. */
export interface LoadedModel {
  readonly model: RetrievalModel;
  readonly tokenizer: TitleTokenizer;
  /** `tokenizerDigest` of the tokenizer's content. */
  readonly tokenizerDigest: string;
  readonly config: StoredConfig;
}

/** Reads the elements of a variable, from wherever they live. */
export type ReadVariable = (variable: Variable) => { readonly data: Float32Array | Int32Array | Uint8Array };

/** Writes `config.json` and `tokenizer.json`: what a model folder has from the start. */
export async function writeModelConfig(folder: string, config: StoredConfig, tokenizer: object): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFileAtomic(join(folder, modelFiles.tokenizer), `${JSON.stringify(tokenizer)}\n`);
  await writeFileAtomic(join(folder, modelFiles.config), `${JSON.stringify(config, null, 2)}\n`);
}

/**
 * The content of a model folder's `tokenizer.json`.
 *
 * @throws UniecsError `file` when it cannot be read
 */
export async function readTokenizer(folder: string): Promise<object> {
  return (await readJson(join(folder, modelFiles.tokenizer), 'readTokenizer')) as object;
}

/** SHA-256 of what `tokenizer.json` says, whatever its layout. */
export function tokenizerDigest(content: object): string {
  return createHash('sha256').update(canonicalJson(content)).digest('hex');
}

/** What a weights file says beside the arrays, and through what it is written. */
export interface WriteWeightsOptions {
  /** Strings by name, beside `format: pt`. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Default Node's own. */
  readonly fileSystem?: FileSystem;
}

/**
 * Writes a module's parameters as float32 safetensors, atomically and synced: a reader, also one after a power cut, finds the
 * old weights or the new ones.
 *
 * @throws UniecsError `file` when the system refuses; the old file is untouched
 */
export async function writeWeights(
  path: string,
  module: Module,
  read: ReadVariable,
  { metadata = {}, fileSystem = nodeFileSystem }: WriteWeightsOptions = {},
): Promise<void> {
  const tensors = new Map(
    [...namedParameters(module)].map(([name, variable]) => {
      const data = read(variable).data as Float32Array;
      return [name, { dtype: 'F32' as const, shape: [...variable.shape], data }];
    }),
  );
  await writeSafetensors(path, tensors, { format: 'pt', ...metadata }, { fileSystem });
}

/**
 * Loads a model folder.
 *
 * @throws UniecsError `file` for a missing or damaged file, `data` for weights of another model or size
 */
export async function loadModelFolder(folder: string): Promise<LoadedModel> {
  const config = (await readJson(join(folder, modelFiles.config), 'loadModelFolder')) as StoredConfig | null;
  const { version, model: modelConfig } = config ?? {};
  if ((modelConfig?.architecture as string | undefined) === 'two-tower') {
    throw unfit('file', folder, `a UniECS model in ${folder}`, 'a two-tower model', 'use loadTwoTower for it');
  }
  if (!config || version !== 1 || !modelConfig || !architectures.includes(modelConfig.architecture)) {
    throw unfit('file', folder, `a UniECS model in ${folder}`, `a config.json of version ${version}`);
  }
  const missing = (['image', 'text', 'fusion'] as const).filter((part) => typeof modelConfig[part] !== 'object');
  if (missing.length > 0) throw unfit('file', folder, `a whole config.json in ${folder}`, `one without ${missing}`);
  const tokenizerContent = await readTokenizer(folder);
  const tokenizer = loadTokenizer(tokenizerContent);
  const { vocabularySize } = modelConfig.text;
  if (tokenizer.vocabularySize !== vocabularySize) {
    const got = `one of ${tokenizer.vocabularySize}`;
    throw unfit('data', folder, `a tokenizer of ${vocabularySize} entries, as the model has`, got);
  }
  const model = retrievalModel(modelConfig, seededRandom(0));
  try {
    await loadWeights(model, join(folder, modelFiles.weights));
  } catch (error) {
    disposeModule(model);
    throw error;
  }
  return { model, tokenizer, tokenizerDigest: tokenizerDigest(tokenizerContent), config };
}

function unfit(
  code: 'file' | 'data',
  folder: string,
  expected: string,
  got: string,
  hint = 'pass a folder that uniecs train wrote, as it wrote it',
): UniecsError {
  return new UniecsError({ code, where: 'loadModelFolder', expected, got, hint, details: { folder } });
}

/** Loads a weights file into a module; nothing changes unless all names and shapes fit. */
export async function loadWeights(module: Module, path: string): Promise<void> {
  const { tensors } = await readSafetensors(path);
  const dict = fileTensorsToStateDict(tensors);
  try {
    loadStateDict(module, dict);
  } catch (cause) {
    if (!UniecsError.isInstance(cause)) throw cause;
    throw new UniecsError({
      code: 'data',
      where: 'loadWeights',
      expected: `the weights of this model and size in ${path}`,
      got: cause.got,
      hint: 'use the config.json that belongs to the weights',
      details: { path, ...cause.details },
      cause,
    });
  } finally {
    dispose([...dict.values()]);
  }
}

export async function readJson(path: string, where: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw fileError({ where, action: 'to read', path, hint: 'pass a folder that uniecs train wrote', cause });
  }
}
