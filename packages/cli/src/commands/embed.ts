import { readGoodItems } from '../data/read-good.js';
import { writeEmbeddingsParquet } from '../embeddings/write-parquet.js';
import { writeEmbeddingsSafetensors } from '../embeddings/write-safetensors.js';
import { exitCodes } from '../exit-code.js';
import type { DeviceName } from '../machine/device.js';
import { type Io, print } from '../terminal/io.js';
import { progress } from '../terminal/progress.js';
import { withModel } from '../with-model.js';

/** The flags of `uniecs embed`. */
export interface EmbedFlags {
  readonly model: string;
  readonly items: string;
  readonly images?: string;
  readonly device?: DeviceName;
  readonly embeddingCache?: string;
  readonly out: string;
}

/** Writes the fused, image and text embeddings of an item file. */
export function runEmbed(flags: EmbedFlags, io: Io): Promise<number> {
  return withModel(flags.model, { ...flags, keep: true }, io, async (embedder, { fingerprint }) => {
    const items = await readGoodItems(flags.items, io, { images: flags.images });
    const shown = progress(io, 'embedding', 'items');
    const embeddings = await embedder.embed(items, { signal: io.signal, onProgress: shown.update }).finally(shown.end);
    const content = { ids: items.map(({ id }) => id), embeddings, model: fingerprint };
    const write = flags.out.toLowerCase().endsWith('.parquet') ? writeEmbeddingsParquet : writeEmbeddingsSafetensors;
    await write(flags.out, content);
    print(io, `${items.length} items of ${embeddings.dimension} numbers: ${flags.out}`);
    return exitCodes.done;
  });
}
