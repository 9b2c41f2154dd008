import { type Embedder, type LoadedModel, loadModelFolder, modelEmbedder } from '@uniecs/retrieval';
import { disposeModule } from '@uniecs/tensor';
import { startEngine } from './engine.js';
import { type DeviceName, deviceOf } from './machine/device.js';
import { type Io, say } from './terminal/io.js';

/** Loads a model folder for some work on a device (default the CPU) and frees it afterwards. */
export async function withModel<T>(
  folder: string,
  { device }: { readonly device?: DeviceName | undefined },
  io: Io,
  work: (embedder: Embedder, loaded: LoadedModel) => Promise<T>,
): Promise<T> {
  await startEngine();
  const loaded = await loadModelFolder(folder);
  const embedder = modelEmbedder(
    loaded,
    device === undefined ? {} : { device: await deviceOf(device, (text) => say(io, text)) },
  );
  try {
    return await work(embedder, loaded);
  } finally {
    await embedder.dispose();
    disposeModule(loaded.model);
  }
}
