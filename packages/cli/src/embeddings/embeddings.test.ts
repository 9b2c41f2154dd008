import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '@uniecs/tensor';
import { readSafetensors } from '@uniecs/tensor/node';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { NamedEmbeddings } from './embeddings-file.js';
import { writeEmbeddingsParquet } from './write-parquet.js';
import { writeEmbeddingsSafetensors } from './write-safetensors.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'uniecs-embeddings-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** N items of which every third has no image and every fifth no title. */
function embeddings(count: number): NamedEmbeddings {
  const dimension = 7;
  const random = seededRandom('embeddings');
  const matrix = () => Float32Array.from({ length: count * dimension }, () => random.normal());
  const rows = Array.from({ length: count }, (_, i) => i);
  return {
    ids: rows.map((i) => `item "${i}" ü`),
    model: 'abc',
    embeddings: {
      count,
      dimension,
      fused: matrix(),
      image: matrix(),
      text: matrix(),
      hasImage: rows.map((i) => Number(i % 3 !== 0)),
      hasText: rows.map((i) => Number(i % 5 !== 1)),
    },
  };
}

/** Row i of a matrix as numbers, or what stands for a missing one. */
function row<Missing>(content: NamedEmbeddings, view: 'fused' | 'image' | 'text', i: number, missing: Missing) {
  const { dimension, hasImage, hasText } = content.embeddings;
  const present = view === 'fused' || (view === 'image' ? hasImage[i] : hasText[i]);
  return present ? Array.from(content.embeddings[view].subarray(i * dimension, (i + 1) * dimension)) : missing;
}

describe('parquet', () => {
  // Two row groups and a part of a third.
  it('reads back to the bit, missing modalities as null', async () => {
    const content = embeddings(4100);
    const path = join(folder, 'items.parquet');
    await writeEmbeddingsParquet(path, content);
    const { buffer, byteOffset, byteLength } = await readFile(path);
    const file = buffer.slice(byteOffset, byteOffset + byteLength);
    const rows = await parquetReadObjects({ file });
    expect(rows).toHaveLength(4100);
    // hyparquet returns undefined for a null list.
    expect(rows.map((found) => ({ ...found, image: found.image ?? null, text: found.text ?? null }))).toEqual(
      content.ids.map((id, i) => ({
        id,
        has_image: Boolean(content.embeddings.hasImage[i]),
        has_text: Boolean(content.embeddings.hasText[i]),
        fused: row(content, 'fused', i, null),
        image: row(content, 'image', i, null),
        text: row(content, 'text', i, null),
      })),
    );
    const metadata = parquetMetadata(file);
    expect(metadata.key_value_metadata).toEqual([{ key: 'model', value: 'abc' }]);
    expect(metadata.row_groups.map(({ num_rows }) => Number(num_rows))).toEqual([2000, 2000, 100]);
  });
});

describe('safetensors', () => {
  it('reads back to the bit, missing modalities as zeros', async () => {
    const content = embeddings(30);
    const path = join(folder, 'items.safetensors');
    await writeEmbeddingsSafetensors(path, content);
    const { tensors, metadata } = await readSafetensors(path);
    expect(JSON.parse(metadata.ids ?? '')).toEqual(content.ids);
    expect(metadata.model).toBe('abc');
    for (const view of ['fused', 'image', 'text'] as const) {
      const { shape, data } = tensors.get(view) ?? {};
      expect(shape).toEqual([30, 7]);
      const expected = content.ids.flatMap((_, i) => row(content, view, i, [0, 0, 0, 0, 0, 0, 0]));
      expect(Array.from(data as Float32Array)).toEqual(expected);
    }
    expect(Array.from(tensors.get('has_image')?.data as Uint8Array)).toEqual(content.embeddings.hasImage);
    expect(Array.from(tensors.get('has_text')?.data as Uint8Array)).toEqual(content.embeddings.hasText);
  });
});

it('leaves no temporary file behind', async () => {
  expect((await readdir(folder)).filter((name) => name.includes('tmp'))).toEqual([]);
});
