import { basename } from 'node:path';
import type { ItemVectors } from '@uniecs/mbeer';
import type { FileTensor } from '@uniecs/tensor';
import { readSafetensors } from '@uniecs/tensor/node';
import { badEmbeddings } from './embeddings-error.js';
import { parseIds, readIdsBeside } from './read-ids.js';
import { type View, type ViewMatrix, vectorsOf, views } from './vectors-of.js';

/**
 * Reads embeddings from safetensors: any of `fused`, `image`, `text` `[N, D]` in floats of 16, 32 or 64 bits; which rows are there in
 * `has_image` and `has_text` (integers `[N]`, default all); the ids in the metadata `ids`, a JSON list, or in a file beside it.
 *
 * @throws UniecsError `data`, `file` or `unsupported`
 */
export async function readSafetensorsEmbeddings(path: string): Promise<ItemVectors> {
  const { tensors, metadata } = await readSafetensors(path);
  const ids =
    metadata.ids === undefined
      ? await readIdsBeside(path, basename(path).replace(/\.safetensors$/i, ''))
      : parseIds(metadata.ids, `ids in the metadata of ${path}`);
  const matrices = new Map<View, ViewMatrix>();
  for (const view of views) {
    const tensor = tensors.get(view);
    if (tensor) matrices.set(view, matrixOf(tensor, `${view} of ${path}`));
  }
  const [hasImage, hasText] = ['has_image', 'has_text'].map((name) => presenceOf(tensors.get(name), name, ids.length));
  return vectorsOf(ids, matrices, path, { ...(hasImage ? { hasImage } : {}), ...(hasText ? { hasText } : {}) });
}

function matrixOf({ dtype, shape, data }: FileTensor, name: string): ViewMatrix {
  if (dtype === 'I64' || dtype === 'I32' || dtype === 'U8') {
    throw badEmbeddings(`${name} in F16, BF16, F32 or F64`, dtype, 'embeddings are no whole numbers: save them as F32');
  }
  const [rows, columns] = shape;
  if (shape.length !== 2 || rows === undefined || columns === undefined || columns < 1) {
    throw badEmbeddings(`${name} to be a matrix [N, D]`, `[${shape.join(', ')}]`, 'save one row for each item');
  }
  return { rows, columns, data: data instanceof Float32Array ? data : Float32Array.from(data as Float64Array) };
}

function presenceOf(tensor: FileTensor | undefined, name: string, count: number): number[] | undefined {
  if (tensor && tensor.data.length !== count) {
    throw badEmbeddings(`${name} for each of the ${count} ids`, `${tensor.data.length}`, 'write 1 or 0 for each');
  }
  return tensor && Array.from(tensor.data, Number);
}
