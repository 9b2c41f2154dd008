import { availableParallelism } from 'node:os';
import { UniecsError } from '@uniecs/tensor';
import { type DecodeOptions, decodeImage, readImage } from './decode-image.js';
import { type ImageStore, imageDigest } from './image-store.js';

/** What an `imageCache` holds and how it fills. */
export interface ImageCacheOptions extends DecodeOptions {
  /** Side of the decoded images, S. */
  readonly size: number;
  /** Most bytes of decoded pixels kept, `3 S²` an image; the least recently used leave first. */
  readonly maxBytes: number;
  /** Images decoded at once; default one per core. */
  readonly concurrency?: number;
  /** Where images are looked up before they are decoded, and kept afterwards; default nowhere. */
  readonly store?: ImageStore | undefined;
}

/** Decoded images by path, in bounded memory. */
export interface ImageCache {
  /** RGB pixels [S, S, 3] of a file, shared with other callers: read only. Rejects as `decodeImage` does. */
  get(path: string): Promise<Uint8Array>;
  /**
   * Decodes the files that are not held yet. More than fit push the first out again.
   *
   * @returns the errors of those that could not be decoded, in the order of the paths; does not reject for them
   */
  prefetch(paths: Iterable<string>): Promise<UniecsError[]>;
  /** Bytes held now; never more than `maxBytes`. */
  readonly bytes: number;
  /** Images that had to be decoded so far. */
  readonly decoded: number;
}

/**
 * A cache of decoded images. A file is decoded once however many callers wait for it; a failure is not kept.
 *
 * @throws UniecsError `argument` for sizes out of range
 */
export function imageCache(options: ImageCacheOptions): ImageCache {
  const { size, maxBytes, concurrency, fit = 'fill', filter, store } = options;
  const limit = concurrency ?? availableParallelism();
  if (!(maxBytes >= 0) || !Number.isInteger(limit) || limit < 1) {
    throw new UniecsError({
      code: 'argument',
      where: 'imageCache',
      expected: 'maxBytes of at least 0 and a concurrency of at least 1',
      got: `${maxBytes} and ${limit}`,
      hint: 'leave concurrency out for one per core',
    });
  }
  const held = new Map<string, Uint8Array>();
  const running = new Map<string, Promise<Uint8Array>>();
  /** What the files that were read once hold; a store answers for them without reading them again. */
  const digests = new Map<string, string>();
  const waiting: (() => void)[] = [];
  let active = 0;
  let bytes = 0;
  let decoded = 0;

  async function withSlot<T>(work: () => Promise<T>): Promise<T> {
    if (active >= limit) await new Promise<void>((resolve) => waiting.push(resolve));
    else active++;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else active--;
    }
  }

  function keep(path: string, pixels: Uint8Array): void {
    if (pixels.byteLength > maxBytes) return;
    held.set(path, pixels);
    bytes += pixels.byteLength;
    for (const [oldest, old] of held) {
      if (bytes <= maxBytes) break;
      held.delete(oldest);
      bytes -= old.byteLength;
    }
  }

  async function decode(source: string | Uint8Array, name: string): Promise<Uint8Array> {
    const pixels = await decodeImage(source, size, { fit, filter, name });
    decoded++;
    return pixels;
  }

  async function decodeOrFind(path: string, from: ImageStore): Promise<Uint8Array> {
    const content = await readImage(path);
    const digest = imageDigest(content);
    digests.set(path, digest);
    const stored = from.find(digest);
    if (stored) return stored;
    const pixels = await decode(content, path);
    from.add(digest, pixels);
    return pixels;
  }

  async function load(path: string): Promise<Uint8Array> {
    try {
      const pixels = await withSlot(() => (store ? decodeOrFind(path, store) : decode(path, path)));
      keep(path, pixels);
      return pixels;
    } finally {
      running.delete(path);
    }
  }

  /** What the store holds of a file that was read before. */
  function stored(path: string): Uint8Array | undefined {
    const digest = digests.get(path);
    return digest === undefined ? undefined : store?.find(digest);
  }

  function get(path: string): Promise<Uint8Array> {
    const pixels = held.get(path);
    if (pixels) {
      held.delete(path);
      held.set(path, pixels);
      return Promise.resolve(pixels);
    }
    const pending = running.get(path);
    if (pending) return pending;
    const found = stored(path);
    if (found) {
      keep(path, found);
      return Promise.resolve(found);
    }
    const loading = load(path);
    running.set(path, loading);
    return loading;
  }

  async function prefetch(paths: Iterable<string>): Promise<UniecsError[]> {
    const missing = [...new Set(paths)].filter((path) => !held.has(path));
    const outcomes = await Promise.all(
      missing.map((path) =>
        get(path).then(
          () => undefined,
          (error: unknown) => {
            if (UniecsError.isInstance(error)) return error;
            throw error;
          },
        ),
      ),
    );
    return outcomes.filter((error) => error !== undefined);
  }

  return {
    get,
    prefetch,
    get bytes() {
      return bytes;
    },
    get decoded() {
      return decoded;
    },
  };
}
