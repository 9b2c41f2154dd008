import { access } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Embedder,
  exportedEmbedder,
  exportedFiles,
  loadModelFolder,
  modelEmbedder,
  modelFingerprint,
} from '@uniecs/retrieval';
import { disposeModule, UniecsError } from '@uniecs/tensor';
import { startEngine } from './engine.js';
import { type DeviceName, deviceOf } from './machine/device.js';
import { type Io, say } from './terminal/io.js';

/** What embeds, and a short name of its content: indexes and embedding files keep it. */
export interface ReadyModel {
  readonly fingerprint: string;
}

/** Loads a model folder, or one of `uniecs export`, for some work on a device (default the CPU) and frees it afterwards. */
export async function withModel<T>(
  folder: string,
  { device }: { readonly device?: DeviceName | undefined },
  io: Io,
  work: (embedder: Embedder, model: ReadyModel) => Promise<T>,
): Promise<T> {
  if (await isExported(folder)) {
    if (device !== undefined && device !== 'cpu' && device !== 'auto') throw onlyOnCpu(folder, device);
    const embedder = await exportedEmbedder(folder);
    return work(embedder, embedder).finally(() => embedder.dispose());
  }
  await startEngine();
  const loaded = await loadModelFolder(folder);
  const embedder = modelEmbedder(
    loaded,
    device === undefined ? {} : { device: await deviceOf(device, (text) => say(io, text)) },
  );
  try {
    return await work(embedder, { fingerprint: modelFingerprint(loaded) });
  } finally {
    await embedder.dispose();
    disposeModule(loaded.model);
  }
}

function isExported(folder: string): Promise<boolean> {
  return access(join(folder, exportedFiles.manifest)).then(
    () => true,
    () => false,
  );
}

function onlyOnCpu(folder: string, device: string): UniecsError {
  return new UniecsError({
    code: 'unsupported',
    where: 'uniecs',
    expected: `the device cpu for the exported model in ${folder}`,
    got: device,
    hint: 'leave --device out, or use the model folder that it was exported from',
  });
}
