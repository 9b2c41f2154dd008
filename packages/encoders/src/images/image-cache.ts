import { availableParallelism } from 'node:os';
import { UniecsError } from '@uniecs/tensor';
import { type DecodeOptions, decodeImage } from './decode-image.js';

/** What an `imageCache` holds and how it fills. */
export interface ImageCacheOptions extends DecodeOptions {
  /** Side of the decoded images, S. */
  readonly size: number;
  /** Most bytes of decoded pixels kept, `3 S²` an image; the least recently used leave first. */
  readonly maxBytes: number;
  /** Images decoded at once; default one per core. */
  readonly concurrency?: number;
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
export function imageCache({ size, maxBytes, concurrency, fit = 'fill' }: ImageCacheOptions): ImageCache {
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

  async function load(path: string): Promise<Uint8Array> {
    try {
      const pixels = await withSlot(() => decodeImage(path, size, { fit }));
      decoded++;
      keep(path, pixels);
      return pixels;
    } finally {
      running.delete(path);
    }
  }

  function get(path: string): Promise<Uint8Array> {
    const pixels = held.get(path);
    if (pixels) {
      held.delete(path);
      held.set(path, pixels);
      return Promise.resolve(pixels);
    }
    const pending = running.get(path) ?? load(path);
    running.set(path, pending);
    return pending;
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
