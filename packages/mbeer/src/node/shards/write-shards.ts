import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { UniecsError } from '@uniecs/tensor';
import { readContent } from '@uniecs/tensor/node';
import sharp from 'sharp';
import { Header } from 'tar';
import { imagesOf } from '../../images-of.js';
import type { CatalogueItem, Item, Pair } from '../../items.js';
import { stopIfAborted } from '../../stop-if-aborted.js';
import type { ItemSide } from '../data-lines.js';

/** A sample of a shard, before it is written. */
export interface ShardSample {
  /** What `KEY.json` says. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** Paths of the pictures, by side. */
  readonly pictures: Readonly<Partial<Record<ItemSide, readonly string[]>>>;
}

/** How shards are written. */
export interface WriteShardsOptions {
  /** A folder that is there and empty. */
  readonly folder: string;
  /** What the files' names begin with: `NAME-000000.tar`. */
  readonly name: string;
  /** Samples of a shard; default 10,000. */
  readonly perShard?: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (samples: number) => void;
}

/** The sample of a pair. */
export function pairSample({ item1, item2, tag }: Pair): ShardSample {
  const fields = (item: Item, side: 1 | 2) => ({ [`item_id_${side}`]: item.id, [`item_title_${side}`]: item.title });
  return {
    fields: { ...fields(item1, 1), ...fields(item2, 2), tag },
    pictures: { 1: imagesOf(item1), 2: imagesOf(item2) },
  };
}

/** The sample of an item of a catalogue. */
export function itemSample(item: CatalogueItem): ShardSample {
  return { fields: { id: item.id, title: item.title, ...item.metadata }, pictures: { '': imagesOf(item) } };
}

const where = 'writeShards';
const block = 512;
const endings: Readonly<Record<string, string>> = {
  ...{ jpeg: 'jpg', png: 'png', webp: 'webp', gif: 'gif' },
  ...{ heif: 'avif', avif: 'avif', tiff: 'tif' },
};

/**
 * Writes samples as WebDataset shards that `readPairs` and `readItems` take: equal samples give equal bytes. Pictures go in as they are; each
 * name ends in what the picture is.
 *
 * @returns the shards' paths
 * @throws UniecsError `file` where a picture cannot be read or a shard not be written, `data` for what is no picture, `interrupted`
 */
export async function writeShards(samples: Iterable<ShardSample>, options: WriteShardsOptions): Promise<string[]> {
  const { folder, name, perShard = 10_000, signal, onProgress } = options;
  const shards: string[] = [];
  let file: FileHandle | undefined;
  let count = 0;
  const close = async () => {
    if (!file) return;
    const done = file;
    file = undefined;
    // A tar ends with two blocks of zeros.
    await done
      .write(Buffer.alloc(2 * block))
      .then(() => done.sync())
      .finally(() => done.close());
  };
  try {
    for (const sample of samples) {
      stopIfAborted(signal, { where, expected: 'to write all shards' });
      if (count % perShard === 0) {
        await close();
        shards.push(join(folder, `${name}-${String(shards.length).padStart(6, '0')}.tar`));
        file = await open(shards.at(-1) as string, 'wx');
      }
      const bytes = await sampleBytes(String(count).padStart(9, '0'), sample);
      await (file as FileHandle).writeFile(bytes);
      count++;
      onProgress?.(count);
    }
    await close();
  } catch (cause) {
    await file?.close().catch(() => {});
    throw UniecsError.isInstance(cause) ? cause : fault('file', `to write ${shards.at(-1)}`, cause, 'make room there');
  }
  return shards;
}

/** The members of a sample, one after the other. */
async function sampleBytes(key: string, { fields, pictures }: ShardSample): Promise<Buffer> {
  const parts = [...member(`${key}.json`, Buffer.from(JSON.stringify(fields)))];
  for (const [side, paths = []] of Object.entries(pictures)) {
    const start = side === '' ? key : `${key}.${side}`;
    for (const [i, path] of paths.entries()) {
      const content = await readContent(path).catch((cause) => {
        throw fault('file', `to read ${path}`, cause, 'check the path');
      });
      const ending = await endingOf(path, content);
      parts.push(...member(paths.length === 1 ? `${start}.${ending}` : `${start}.${i}.${ending}`, content));
    }
  }
  return Buffer.concat(parts);
}

/** Header, content and padding of a file in a tar; time and owner are none. */
function member(path: string, content: Buffer): Buffer[] {
  const head = Buffer.alloc(block);
  const { length: size } = content;
  new Header({ path, size, mode: 0o644, mtime: new Date(0), uid: 0, gid: 0, type: 'File' }).encode(head);
  return [head, content, Buffer.alloc((block - (size % block)) % block)];
}

async function endingOf(path: string, content: Buffer): Promise<string> {
  const { format } = await sharp(content, { limitInputPixels: false })
    .metadata()
    .catch((cause) => {
      throw fault('data', `a picture in ${path}`, cause, 'replace it, or leave its line out');
    });
  const ending = endings[format ?? ''];
  if (ending === undefined) throw fault('data', `a picture in ${path}`, new Error(`${format}`), 'save it as JPEG');
  return ending;
}

function fault(code: 'file' | 'data', expected: string, cause: unknown, hint: string): UniecsError {
  const got = cause instanceof Error ? cause.message : String(cause);
  return new UniecsError({ code, where, expected, got, hint, cause });
}
