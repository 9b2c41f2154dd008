import { disposeModule } from '@uniecs/tensor';
import type { Embedder } from '../embedding/embedder.js';
import { modelEmbedder } from '../embedding/model-embedder.js';
import { type LoadedModel, loadModelFolder } from '../files/model-folder.js';
import { imageForm } from '../model/image-form.js';
import type { RunModels } from './reproduce-options.js';

/** Loads a model folder for some work, and frees it. */
export async function withModelFolder<T>(
  folder: string,
  { device, images }: RunModels,
  work: (embedder: Embedder, loaded: LoadedModel) => Promise<T>,
): Promise<T> {
  const loaded = await loadModelFolder(folder);
  const source = images ? { images: images(imageForm(loaded.model.config)) } : {};
  const embedder = modelEmbedder(loaded, { ...(device ? { device } : {}), ...source });
  try {
    return await work(embedder, loaded);
  } finally {
    await embedder.dispose();
    disposeModule(loaded.model);
  }
}
