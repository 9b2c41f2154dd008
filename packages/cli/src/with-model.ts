import { type Embedder, type LoadedModel, loadModelFolder, modelEmbedder } from '@uniecs/retrieval';
import { disposeModule } from '@uniecs/tensor';
import { startEngine } from './engine.js';

/** Loads a model folder for some work and frees it afterwards. */
export async function withModel<T>(
  folder: string,
  work: (embedder: Embedder, loaded: LoadedModel) => Promise<T>,
): Promise<T> {
  await startEngine();
  const loaded = await loadModelFolder(folder);
  const embedder = modelEmbedder(loaded);
  try {
    return await work(embedder, loaded);
  } finally {
    await embedder.dispose();
    disposeModule(loaded.model);
  }
}
