import type { FileTensor } from '@uniecs/tensor';
import { writeSafetensors } from '@uniecs/tensor/node';
import type { NamedEmbeddings } from './embeddings-file.js';

/**
 * Writes embeddings as safetensors, atomically: `fused`, `image`, `text` float32 [N, D] (rows of a missing modality are zero),
 * `has_image` and `has_text` uint8 [N]; in the metadata `ids`, a JSON list in the order of the rows, and `model`.
 *
 * @throws UniecsError `file` when it cannot be written
 */
export async function writeEmbeddingsSafetensors(
  path: string,
  { ids, embeddings, model }: NamedEmbeddings,
): Promise<void> {
  const { count, dimension, fused, image, text, hasImage, hasText } = embeddings;
  const matrix = (data: Float32Array) => ({ dtype: 'F32' as const, shape: [count, dimension], data });
  const present = (data: ArrayLike<number>) => ({ dtype: 'U8' as const, shape: [count], data: Uint8Array.from(data) });
  const tensors = new Map<string, FileTensor>([
    ['fused', matrix(fused)],
    ['image', matrix(rowsWhere(image, hasImage, dimension))],
    ['text', matrix(rowsWhere(text, hasText, dimension))],
    ['has_image', present(hasImage)],
    ['has_text', present(hasText)],
  ]);
  await writeSafetensors(path, tensors, { ids: JSON.stringify(ids), model, format: 'uniecs-embeddings' });
}

/** A copy with zeros in the rows that do not exist. */
function rowsWhere(data: Float32Array, present: ArrayLike<number>, dimension: number): Float32Array {
  return data.map((value, i) => (present[Math.floor(i / dimension)] ? value : 0));
}
