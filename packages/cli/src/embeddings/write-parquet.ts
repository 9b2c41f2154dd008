import { writeFileAtomic } from '@uniecs/tensor/node';
import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import type { NamedEmbeddings } from './embeddings-file.js';

/** Rows that are turned into lists of numbers at a time. */
const rowGroup = 2000;

type Schema = ConstructorParameters<typeof ParquetWriter>[0]['schema'];

/** A list of float32 in the three levels of the Parquet format. */
const vector = (name: string, required: boolean): Schema => [
  { name, converted_type: 'LIST', repetition_type: required ? 'REQUIRED' : 'OPTIONAL', num_children: 1 },
  { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
  { name: 'element', type: 'FLOAT', repetition_type: 'REQUIRED' },
];

const schema: Schema = [
  { name: 'root', num_children: 6 },
  { name: 'id', type: 'BYTE_ARRAY', converted_type: 'UTF8', repetition_type: 'REQUIRED' },
  { name: 'has_image', type: 'BOOLEAN', repetition_type: 'REQUIRED' },
  { name: 'has_text', type: 'BOOLEAN', repetition_type: 'REQUIRED' },
  ...vector('fused', true),
  ...vector('image', false),
  ...vector('text', false),
];

/**
 * Writes embeddings as Parquet, atomically, a row an item: `id`, `has_image`, `has_text`, and the lists of float32 `fused`, `image` and
 * `text`, null for a missing modality; `model` in the file's metadata.
 *
 * @throws UniecsError `file` when it cannot be written
 */
export async function writeEmbeddingsParquet(path: string, content: NamedEmbeddings): Promise<void> {
  await writeFileAtomic(path, parquetChunks(content));
}

function* parquetChunks({ ids, embeddings, model }: NamedEmbeddings): Generator<Uint8Array> {
  const { count, dimension, hasImage, hasText } = embeddings;
  const bytes = new ByteWriter();
  const kvMetadata = [{ key: 'model', value: model }];
  const writer = new ParquetWriter({ writer: bytes, schema, statistics: false, kvMetadata, createdBy: 'uniecs' });
  for (let start = 0; start < count; start += rowGroup) {
    const rows = Array.from({ length: Math.min(rowGroup, count - start) }, (_, i) => start + i);
    const vectors = (data: Float32Array, present?: ArrayLike<number>) =>
      rows.map((row) =>
        present && !present[row] ? null : Array.from(data.subarray(row * dimension, (row + 1) * dimension)),
      );
    // Numbers of embeddings hardly repeat and do not compress.
    const plain = { encoding: 'PLAIN', codec: 'UNCOMPRESSED' } as const;
    writer.write({
      columnData: [
        { name: 'id', data: rows.map((row) => ids[row] as string) },
        { name: 'has_image', data: rows.map((row) => Boolean(hasImage[row])) },
        { name: 'has_text', data: rows.map((row) => Boolean(hasText[row])) },
        { name: 'fused', data: vectors(embeddings.fused), ...plain },
        { name: 'image', data: vectors(embeddings.image, hasImage), ...plain },
        { name: 'text', data: vectors(embeddings.text, hasText), ...plain },
      ],
      rowGroupSize: rowGroup,
    });
    yield taken(bytes);
  }
  writer.finish();
  yield taken(bytes);
}

/** What was written since the last time; the writer goes on counting where in the file it is. */
function taken(bytes: ByteWriter): Uint8Array {
  const chunk = new Uint8Array(bytes.buffer.slice(0, bytes.index));
  bytes.index = 0;
  return chunk;
}
