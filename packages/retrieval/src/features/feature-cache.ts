import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Tensor } from '@tensorflow/tfjs-core';
import { compile, type Device } from '@uniecs/compile';
import { decodeImage, imageDigest, normalizePixels } from '@uniecs/encoders/node';
import { type Item, imagesOf } from '@uniecs/mbeer';
import { encodeFloat16, UniecsError } from '@uniecs/tensor';
import { readContent } from '@uniecs/tensor/node';
import { eachFile } from '../data/each-file.js';
import type { LoadItems } from '../data/feed-batches.js';
import { checkItem, float32, type ItemLoader, int32 } from '../data/item-batch.js';
import { type ImageForm, imageForm } from '../model/image-form.js';
import type { RetrievalModel } from '../model/retrieval-model.js';
import { type Disk, realDisk } from './disk.js';
import { encoderKey } from './encoder-key.js';
import { type Modality, openFeatureStore } from './feature-store.js';
import type { HostFeatures, ReadWords } from './host-features.js';

/** What a feature cache is made of. */
export interface FeatureCacheOptions {
  /** Its encoders make the features; they must stay as they are as long as the cache is used. */
  readonly model: RetrievalModel;
  readonly loader: ItemLoader;
  /** Shared by any number of models and processes. */
  readonly folder: string;
  /** Items that an encoder takes at a time; default 32. */
  readonly batchSize?: number;
  /** Default the one there is. */
  readonly disk?: Disk;
}

/** What `prepare` has to do, or has done. */
export interface FeatureProgress {
  /** Pictures and titles encoded in this call. */
  readonly done: number;
  /** Those that the cache did not hold before it. */
  readonly total: number;
  /** Different pictures and titles of all items. */
  readonly distinct: number;
  /** Bytes that the missing ones take at most. */
  readonly bytes: number;
}

/** How `prepare` reports and stops. */
export interface PrepareOptions {
  readonly onProgress?: (progress: FeatureProgress) => void;
  readonly signal?: AbortSignal | undefined;
  /** Where the encoders run; default `cpu`. */
  readonly device?: Device | undefined;
}

/** Token features of items on disk, in float16, each encoded once. */
export interface FeatureCache {
  /**
   * Encodes what the cache does not hold of these items: every different picture (by the content of its file) and title (by its tokens) once.
   * What is encoded is kept, so that a call after an interrupted one goes on from there.
   *
   * @throws UniecsError `interrupted`; `file` where the disk has not the room, before anything is encoded or while it is; `data` for a picture
   *   that cannot be read; `numeric` for features that float16 cannot hold
   */
  prepare(items: Iterable<Item>, options?: PrepareOptions): Promise<FeatureProgress>;
  /** Batches of prepared items; not augmented, whatever the options say. */
  readonly load: LoadItems<HostFeatures>;
  readonly folder: string;
  /** Bytes on disk, of this model's encoders. */
  readonly bytes: number;
  close(): void;
}

/**
 * A cache of the token features of frozen encoders.
 *
 * A feature x is kept as the float16 next to it, within `|x| 2^-11` (and 2^-25 below 2^-14). Features of an encoder with other weights or another
 * form, or of another picture or title, have another name: none is taken for another.
 *
 * @throws UniecsError `file` where the folder cannot be made or read
 */
export function featureCache({
  model,
  loader,
  folder,
  batchSize = 32,
  disk = realDisk,
}: FeatureCacheOptions): FeatureCache {
  const { image, text } = model.config;
  const { image_encoder, text_encoder } = model.tree;
  const storeOf = (modality: Modality, width: number) =>
    openFeatureStore({ folder: join(folder, `${modality}-${encoderKey(modality, model)}`), width, disk });
  const stores = { image: storeOf('image', image.width), text: storeOf('text', text.width) };
  const imageTokens = (image.imageSize / image.patchSize) ** 2 + 1;
  const digests = new Map<string, string>();

  async function digestImages(paths: readonly string[]): Promise<void> {
    const unknown = [...new Set(paths)].filter((path) => !digests.has(path));
    await eachFile(unknown, (path, file) => {
      if (file.content === undefined) throw unreadable(path, file.cause);
      digests.set(path, imageDigest(file.content));
    });
  }

  /** The ids of a title as far as the encoder sees them, and their digest. */
  function titleOf(title: string): { readonly ids: Int32Array; readonly digest: string } {
    const { ids, mask } = loader.tokenizer.encodeBatch([title], loader.maxLength);
    const used = ids.slice(
      0,
      mask.reduce((sum, n) => sum + n, 0),
    );
    const bytes = new Uint8Array(used.buffer, used.byteOffset, used.byteLength);
    return { ids: used, digest: createHash('sha256').update(bytes).digest().toString('latin1') };
  }

  function keep(modality: Modality, digest: string, features: Float32Array, name: string): void {
    const { words, overflowed } = encodeFloat16(features);
    const bad = overflowed >= 0 ? overflowed : features.findIndex((x) => !Number.isFinite(x));
    if (bad >= 0) throw tooLarge(modality, features[bad] as number, name);
    stores[modality].add(digest, words);
  }

  async function encodeImages(
    missing: readonly (readonly [string, string])[],
    device: Device,
    told: (done: number) => void,
  ): Promise<void> {
    const encode = compile(({ pixels }: { pixels: Tensor }) => image_encoder.forward(pixels).tokens, {
      state: image_encoder,
      name: 'image features',
      device,
    });
    const { imageSize: side, width } = image;
    const form = imageForm(model.config);
    const pixelsOf = side * side * 3;
    const floats = new Float32Array(batchSize * pixelsOf);
    try {
      for (let start = 0; start < missing.length; start += batchSize) {
        const some = missing.slice(start, start + batchSize);
        // From the content that has the digest, whatever a source of images remembers of the path.
        const pixels = await Promise.all(some.map(([digest, path]) => pixelsFrom(path, digest, form)));
        pixels.forEach((each, row) => {
          normalizePixels(each, {
            ...model.config.pixels,
            into: floats.subarray(row * pixelsOf, (row + 1) * pixelsOf),
          });
        });
        const { data } = await encode({ pixels: float32(floats, batchSize, side, side, 3) });
        const rowSize = imageTokens * width;
        some.forEach(([digest, path], row) => {
          keep('image', digest, (data as Float32Array).subarray(row * rowSize, (row + 1) * rowSize), path);
        });
        told(some.length);
        await nextTurn();
      }
    } finally {
      await encode.dispose();
    }
  }

  async function encodeTitles(
    missing: readonly (readonly [string, Int32Array])[],
    device: Device,
    told: (done: number) => void,
  ): Promise<void> {
    const encode = compile(({ ids, mask }: { ids: Tensor; mask: Tensor }) => text_encoder.forward(ids, mask).tokens, {
      state: text_encoder,
      name: 'text features',
      device,
    });
    const { maxLength } = loader;
    try {
      for (let start = 0; start < missing.length; start += batchSize) {
        const some = missing.slice(start, start + batchSize);
        const ids = new Int32Array(batchSize * maxLength);
        const mask = new Float32Array(batchSize * maxLength);
        for (let row = 0; row < batchSize; row++) {
          const used = some[row]?.[1] ?? Int32Array.of(0);
          ids.set(used, row * maxLength);
          mask.fill(1, row * maxLength, row * maxLength + used.length);
        }
        const tokens = await encode({
          ids: int32(ids, batchSize, maxLength),
          mask: float32(mask, batchSize, maxLength),
        });
        some.forEach(([digest, used], row) => {
          const at = row * maxLength * text.width;
          keep('text', digest, (tokens.data as Float32Array).subarray(at, at + used.length * text.width), 'a title');
        });
        told(some.length);
        await nextTurn();
      }
    } finally {
      await encode.dispose();
    }
  }

  async function prepare(
    items: Iterable<Item>,
    { onProgress = () => {}, signal, device = 'cpu' }: PrepareOptions = {},
  ): Promise<FeatureProgress> {
    const paths = new Set<string>();
    const titles = new Set<string>();
    for (const item of items) {
      for (const path of imagesOf(item)) paths.add(path);
      if (item.title !== undefined) titles.add(item.title);
    }
    await digestImages([...paths]);
    const images = new Map([...paths].map((path) => [digests.get(path) as string, path]));
    const known = new Map([...titles].map((title) => titleOf(title)).map(({ ids, digest }) => [digest, ids]));
    const missingImages = [...images].filter(([digest]) => !stores.image.has(digest));
    const missingTitles = [...known].filter(([digest]) => !stores.text.has(digest));
    const bytes =
      missingImages.length * imageTokens * image.width * 2 +
      missingTitles.reduce((sum, [, ids]) => sum + ids.length * text.width * 2, 0);
    const total = missingImages.length + missingTitles.length;
    let done = 0;
    const progress = () => ({ done, total, distinct: images.size + known.size, bytes });
    const told = (count: number) => {
      done += count;
      onProgress(progress());
      if (signal?.aborted && done < total) throw interrupted(done, total);
    };
    await checkRoom(disk, folder, bytes, total);
    told(0);
    if (missingImages.length > 0) await encodeImages(missingImages, device, told);
    if (missingTitles.length > 0) await encodeTitles(missingTitles, device, told);
    return progress();
  }

  const load: LoadItems<HostFeatures> = async (items, { partial, length = loader.maxLength }) => {
    for (const item of items) if (item) checkItem(item);
    await digestImages(items.flatMap((item) => (item?.image === undefined ? [] : [item.image])));
    const mask = new Float32Array(items.length * length);
    const readers = { image: [] as (ReadWords | undefined)[], text: [] as (ReadWords | undefined)[] };
    items.forEach((item, row) => {
      const picture = item?.image === undefined ? undefined : (digests.get(item.image) as string);
      readers.image.push(picture === undefined ? undefined : () => stores.image.read(picture));
      const title = item?.title === undefined ? undefined : titleOf(item.title).digest;
      readers.text.push(title === undefined ? undefined : () => stores.text.read(title));
      // A row of padding keeps one token, so that its (unread) means stay finite.
      const used = title === undefined ? Number(!item) : stores.text.tokensOf(title);
      if (used > length) throw tooLong(used, length);
      mask.fill(1, row * length, row * length + used);
    });
    const has = (field: 'image' | 'title') =>
      float32(
        Float32Array.from(items, (item) => Number(!item || item[field] !== undefined)),
        items.length,
      );
    return {
      image: { tokens: imageTokens, width: image.width, rows: readers.image },
      text: { tokens: length, width: text.width, rows: readers.text },
      mask: float32(mask, items.length, length),
      ...(partial ? { hasImage: has('image'), hasText: has('title') } : {}),
    };
  };

  return {
    prepare,
    load,
    folder,
    get bytes() {
      return stores.image.bytes + stores.text.bytes;
    },
    close() {
      stores.image.close();
      stores.text.close();
    },
  };
}

/** Room that is left for what else is written: checkpoints, weights. */
const spare = 2 ** 30;

async function checkRoom(disk: Disk, folder: string, bytes: number, total: number): Promise<void> {
  if (total === 0) return;
  const free = await disk.free(folder);
  if (bytes + Math.min(spare, bytes) <= free) return;
  throw new UniecsError({
    code: 'file',
    where: 'featureCache',
    expected: `${gigabytes(bytes)} in ${folder} for the token features of ${total} pictures and titles`,
    got: `${gigabytes(free)} free`,
    hint: 'name a folder on a larger disk (--feature-cache), or encode at every step (--feature-cache off)',
    details: { bytes, free },
    cause: Object.assign(new Error('no space'), { code: 'ENOSPC' }),
  });
}

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(bytes < 1e9 ? 3 : 1)} GB`;

/** Lets signal handlers run between two passes, which block the event loop. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** The pixels of a file whose content is still that of its digest. */
async function pixelsFrom(path: string, digest: string, { size, ...form }: ImageForm): Promise<Uint8Array> {
  const content = await readContent(path).catch((cause) => Promise.reject(unreadable(path, cause)));
  if (imageDigest(content) !== digest) throw unreadable(path, new Error('a file that changes while it is read'));
  return decodeImage(content, size, { ...form, name: path });
}

function unreadable(path: string, cause: unknown): UniecsError {
  return new UniecsError({
    code: 'data',
    where: 'featureCache',
    expected: `to read the picture ${path}`,
    got: cause instanceof Error ? cause.message : String(cause),
    hint: 'put it there, or leave the item out',
    details: { path },
    cause,
  });
}

function tooLong(used: number, length: number): UniecsError {
  return new UniecsError({
    code: 'shape',
    where: 'featureCache',
    expected: `titles of at most ${length} tokens`,
    got: `one of ${used}`,
    hint: 'make batches as long as their longest title: features of a title are not cut',
  });
}

function tooLarge(modality: Modality, value: number, name: string): UniecsError {
  return new UniecsError({
    code: 'numeric',
    where: 'featureCache',
    expected: `features of the ${modality} encoder up to 65,504, the largest float16`,
    got: `${value} of ${name}`,
    hint: 'use other encoders, or encode at every step (--feature-cache off)',
  });
}

function interrupted(done: number, total: number): UniecsError {
  return new UniecsError({
    code: 'interrupted',
    where: 'featureCache',
    expected: `to encode ${total} pictures and titles`,
    got: `the signal to stop after ${done}, which are kept`,
    hint: 'run it again: it goes on from there',
  });
}
