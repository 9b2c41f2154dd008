import { open, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { FileTensor } from '@uniecs/tensor';
import { readSafetensors, readSafetensorsHeader } from '@uniecs/tensor/node';
import { checkpointError } from './checkpoint-error.js';
import { type CheckpointFolder, checkpointFolder, isRecord } from './checkpoint-folder.js';

/** A checkpoint: its folder, and the names and shapes of its weights, which are read when they are asked for. */
export interface Checkpoint {
  readonly folder: CheckpointFolder;
  /** Files that hold the weights. */
  readonly files: readonly string[];
  /** Dtype and shape by name, over all files. */
  readonly tensors: ReadonlyMap<string, Pick<FileTensor, 'dtype' | 'shape'>>;
  /** The tensors of these names; halves as float32. */
  read(names: ReadonlySet<string>): Promise<Map<string, FileTensor>>;
}

/** Weights by the names that `transformers` and `open_clip` give them, in the order in which they are looked for. */
const weightFiles = ['model.safetensors', 'open_clip_model.safetensors'] as const;
const indexFile = 'model.safetensors.index.json';
const pickle = /\.(bin|pt|pth|ckpt|pkl)$/i;
const pickleFiles = ['pytorch_model.bin', 'pytorch_model.bin.index.json', 'open_clip_pytorch_model.bin'] as const;
const mostShards = 1000;

/**
 * Opens a checkpoint: a folder with `model.safetensors`, with shards and `model.safetensors.index.json`, or with
 * `open_clip_model.safetensors`; or a safetensors file by itself, whose folder's other files count as well.
 *
 * @throws UniecsError `unsupported` for a pickle; `file` where there are no weights, or damaged ones; `data` for an index that names files
 *   elsewhere or does not agree with its shards
 */
export async function openCheckpoint(path: string): Promise<Checkpoint> {
  if (pickle.test(path)) throw await pickled(path);
  const isFile = await stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
  if (isFile) {
    const folder = await checkpointFolder(dirname(path));
    return withFiles(folder, new Map([[basename(path), await mustFind(folder, basename(path))]]));
  }
  const folder = await checkpointFolder(path);
  for (const name of weightFiles) {
    const real = await folder.find(name);
    if (real !== undefined) return withFiles(folder, new Map([[name, real]]));
  }
  const index = await folder.json(indexFile, 50e6);
  if (index) return sharded(folder, index);
  for (const name of pickleFiles) {
    if ((await folder.find(name)) !== undefined) throw await pickled(join(path, name));
  }
  throw checkpointError('file', path, {
    expected: `weights in ${path}: ${[...weightFiles, indexFile].join(', ')}`,
    got: 'none of them',
    hint: 'pass the folder of a checkpoint, or its safetensors file',
  });
}

async function sharded(folder: CheckpointFolder, index: Readonly<Record<string, unknown>>): Promise<Checkpoint> {
  const shown = join(folder.path, indexFile);
  const map = index.weight_map;
  const fault = (got: string, details: Readonly<Record<string, unknown>> = {}) =>
    checkpointError('data', shown, {
      expected: `${shown} to name the file of every weight`,
      got,
      hint: 'download the checkpoint again',
      details,
    });
  if (!isRecord(map) || Object.values(map).some((file) => typeof file !== 'string')) {
    throw fault('no weight_map of names');
  }
  const names = [...new Set(Object.values(map) as string[])];
  if (names.length === 0 || names.length > mostShards) throw fault(`${names.length} files`);
  const files = new Map<string, string>();
  for (const name of names) files.set(name, await mustFind(folder, name));
  const checkpoint = await withFiles(folder, files);
  const absent = Object.keys(map).find((name) => !checkpoint.tensors.has(name));
  if (absent !== undefined) throw fault(`'${absent}', which no file has`, { name: absent });
  return checkpoint;
}

async function mustFind(folder: CheckpointFolder, name: string): Promise<string> {
  const real = await folder.find(name);
  if (real !== undefined) return real;
  throw checkpointError('file', join(folder.path, name), {
    expected: `the weights ${join(folder.path, name)}`,
    got: 'no such file',
    hint: 'download the checkpoint again',
  });
}

/** @param files real paths by name */
async function withFiles(folder: CheckpointFolder, files: ReadonlyMap<string, string>): Promise<Checkpoint> {
  const tensors = new Map<string, Pick<FileTensor, 'dtype' | 'shape'>>();
  const fileOf = new Map<string, string>();
  for (const [file, real] of files) {
    for (const [name, tensor] of await readSafetensorsHeader(real)) {
      if (tensors.has(name)) {
        throw checkpointError('data', join(folder.path, file), {
          expected: 'every weight in one file',
          got: `'${name}' in ${fileOf.get(name)} and in ${file}`,
          hint: 'download the checkpoint again',
          details: { name },
        });
      }
      tensors.set(name, tensor);
      fileOf.set(name, file);
    }
  }
  async function read(names: ReadonlySet<string>): Promise<Map<string, FileTensor>> {
    const found = new Map<string, FileTensor>();
    for (const [file, real] of files) {
      const wanted = (name: string) => names.has(name) && fileOf.get(name) === file;
      if (![...names].some(wanted)) continue;
      for (const [name, tensor] of (await readSafetensors(real, { only: wanted })).tensors) found.set(name, tensor);
    }
    return found;
  }
  return { folder, files: [...files.keys()], tensors, read };
}

/** Where a zip lists what it holds: at its end. */
const listBytes = 1 << 18;

/** Whether a file is a program of TorchScript, as OpenAI's weights are, and not a pickle of weights, as open_clip's are. */
async function isTorchScript(path: string): Promise<boolean> {
  if (!/\.pt$/i.test(path)) return false;
  const file = await open(path).catch(() => undefined);
  if (!file) return true;
  try {
    const { size } = await file.stat();
    const start = Math.max(0, size - listBytes);
    const { buffer, bytesRead } = await file.read(Buffer.alloc(listBytes), 0, listBytes, start);
    return buffer.subarray(0, bytesRead).includes('/constants.pkl');
  } finally {
    await file.close();
  }
}

/** A pickle is a program: reading it runs whatever it says. */
async function pickled(path: string) {
  const safe = path.replace(pickle, '').replace(/pytorch_model$/, 'model');
  const load = (await isTorchScript(path))
    ? `torch.jit.load('${path}', map_location='cpu').state_dict()`
    : `torch.load('${path}', map_location='cpu', weights_only=True); d = d.get('state_dict', d)`;
  const save = `save_file({k: v.clone().contiguous() for k, v in d.items()}, '${safe}.safetensors')`;
  return checkpointError('unsupported', path, {
    expected: `weights as safetensors`,
    got: `${path}, a pickle, which runs code when it is read`,
    hint: `convert it once where you trust it: python -c "import torch; from safetensors.torch import save_file; d = ${load}; ${save}"`,
  });
}
