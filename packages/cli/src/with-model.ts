import { access } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type CachedEmbedder,
  type Embedder,
  exportedEmbedder,
  exportedFiles,
  loadModelFolder,
  modelEmbedder,
  modelFingerprint,
} from '@uniecs/retrieval';
import { disposeModule, UniecsError } from '@uniecs/tensor';
import { keepingEmbedder } from './embeddings/embedding-cache.js';
import { startEngine } from './engine.js';
import { type DeviceName, deviceOf } from './machine/device.js';
import { type Io, say } from './terminal/io.js';

/** What embeds, and a short name of its content: indexes and embedding files keep it. */
export interface ReadyModel {
  readonly fingerprint: string;
}

/** Where a model runs, and whether its embeddings are kept. */
export interface ModelUse {
  readonly device?: DeviceName | undefined;
  /** Keep embeddings by content, in `embeddingCache`; default not. */
  readonly keep?: boolean;
  /** The flag `--embedding-cache`. */
  readonly embeddingCache?: string | undefined;
}

/** Loads a model folder, or one of `uniecs export`, for some work on a device (default the CPU) and frees it afterwards. */
export async function withModel<T>(
  folder: string,
  { device, keep = false, embeddingCache }: ModelUse,
  io: Io,
  work: (embedder: Embedder, model: ReadyModel) => Promise<T>,
): Promise<T> {
  const kept = (source: Embedder, exported: boolean) => {
    const where = { model: folder, exported, device: device ?? 'cpu', folder: embeddingCache };
    return keep ? keepingEmbedder(source, where, io) : source;
  };
  const told = async (embedder: Embedder & Partial<Pick<CachedEmbedder, 'counts'>>, model: ReadyModel) => {
    const result = await work(embedder, model);
    const { kept = 0, encoded = 0 } = embedder.counts ?? {};
    if (kept > 0) say(io, `embeddings of ${kept} of ${kept + encoded} items were there from before`);
    return result;
  };
  if (await isExported(folder)) {
    if (device !== undefined && device !== 'cpu' && device !== 'auto') throw onlyOnCpu(folder, device);
    const exported = await exportedEmbedder(folder);
    const embedder = await kept(exported, true);
    return told(embedder, exported).finally(() => embedder.dispose());
  }
  await startEngine();
  const loaded = await loadModelFolder(folder);
  const chosen = device === undefined ? {} : { device: await deviceOf(device, (text) => say(io, text)) };
  const embedder = await kept(modelEmbedder(loaded, chosen), false);
  try {
    return await told(embedder, { fingerprint: modelFingerprint(loaded) });
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
