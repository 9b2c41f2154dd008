import { randomUUID } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { UniecsError } from '@uniecs/tensor';
import { workerEntry } from '../worker-entry.js';
import type { DecodeOptions } from './decode-image.js';
import { type FillRequest, fillImages, type RowAugmentation } from './fill-images.js';
import { imageCache } from './image-cache.js';
import { openImageStore, storeFolder } from './image-store.js';
import { type WorkerPool, workerPool } from './worker-pool.js';

/** How images are read. */
export interface ImageSourceOptions extends Pick<DecodeOptions, 'fit' | 'filter'> {
  /** Side of the images, S. */
  readonly size: number;
  /** Threads that decode and augment; default 0: the thread of the caller. */
  readonly workers?: number;
  /** Folder of a store of decoded images (`openImageStore`); default none. */
  readonly folder?: string | undefined;
  /** Most bytes that the store's folder may take; default 20 GiB. */
  readonly folderBytes?: number;
  /** Decoded images kept in memory, in bytes, over all threads; default 1.5 GiB, beside a store 64 MiB. */
  readonly memoryBytes?: number;
}

/** The images of a batch. */
export interface ImageRows {
  /** Image files by row; a row without one is black. */
  readonly paths: readonly (string | undefined)[];
  /** How rows are augmented, by ids as many as there are rows; default not at all. */
  readonly augment?: RowAugmentation | undefined;
}

/** Progress and interruption of reading many images. */
export interface CheckOptions {
  readonly onProgress?: ((progress: { readonly done: number; readonly total: number }) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Where decoded images come from: files, or what was kept of them in memory and on disk. */
export interface ImageSource {
  /** S. */
  readonly size: number;
  /** How images are made square. */
  readonly fit: NonNullable<DecodeOptions['fit']>;
  /** With which filter they are scaled; undefined for sharp's own. */
  readonly filter: DecodeOptions['filter'];
  /** Bytes for the pixels of so many images, in memory that the threads share. */
  pixels(images: number): Uint8Array;
  /**
   * Writes a batch, [B, S, S, 3]: the same bytes whatever the threads, the store and what was read before.
   *
   * @param into from `pixels`; not to be read or given away before this is done
   * @throws UniecsError `data` as `decodeImage` does, of the first row that could not be read; `unavailable` where a thread has stopped;
   *   `file` where the store's folder can no longer be used by the time that threads start; `interrupted` by `dispose`
   */
  fill(rows: ImageRows, into: Uint8Array): Promise<void>;
  /**
   * Reads images so that they are held (as far as memory or store allow), each once.
   *
   * @returns the error of each that could not be read
   * @throws UniecsError `unavailable`, `file`, `interrupted`
   */
  check(paths: Iterable<string>, options?: CheckOptions): Promise<Map<string, UniecsError>>;
  /** Images decoded so far: neither in memory nor in the store. */
  readonly decoded: number;
  /** Why the store keeps nothing more: the disk is full, for one. Images are still read. */
  readonly fault: UniecsError | undefined;
  /** Stops the threads and closes the store; what was asked for fails. */
  dispose(): Promise<void>;
}

/** Images that a thread is asked to read at a time by `check`. */
const checkedAtOnce = 32;

/**
 * A source of images. With workers, an image is always read by the same thread (by its path), so that none is decoded or held twice;
 * they start with the first use.
 *
 * @param entry the worker's file, for tests
 * @throws UniecsError `argument` for sizes out of range, `file` where the store's folder cannot be used
 */
export function imageSource(options: ImageSourceOptions, entry: URL = workerEntry): ImageSource {
  const { size, workers = 0, fit = 'fill', filter, folder, folderBytes } = options;
  const { memoryBytes = (folder === undefined ? 1536 : 64) * 2 ** 20 } = options;
  whole('size', size, 1);
  whole('workers', workers, 0);
  const rowBytes = size * size * 3;
  const threads = Math.max(1, workers);
  const group = { name: randomUUID(), stores: threads };
  const store =
    folder === undefined
      ? undefined
      : { folder, size, fit, filter, group, ...(folderBytes ? { maxBytes: folderBytes } : {}) };
  const setup = {
    size,
    fit,
    filter,
    maxBytes: Math.floor(memoryBytes / threads),
    concurrency: Math.ceil(availableParallelism() / threads),
    store,
  };
  const reader = workers === 0 ? inline() : threaded();

  function inline() {
    const opened = store && openImageStore(store);
    const images = imageCache({ ...setup, store: opened });
    return {
      request: (_: number, request: Omit<FillRequest, 'size'>) => fillImages(images, { ...request, size }),
      get decoded() {
        return images.decoded;
      },
      get fault() {
        return opened?.fault;
      },
      dispose: async () => opened?.close(),
    } satisfies WorkerPool;
  }

  function threaded() {
    // Opened here as well: an error about the folder is one of this call.
    if (store) storeFolder(store);
    let pool: WorkerPool | undefined;
    return {
      request: (worker: number, request: Omit<FillRequest, 'size'>) => {
        pool ??= workerPool(entry, workers, setup);
        return pool.request(worker, request);
      },
      get decoded() {
        return pool?.decoded ?? 0;
      },
      get fault() {
        return pool?.fault;
      },
      dispose: async () => pool?.dispose(),
    } satisfies WorkerPool;
  }

  /** The rows of each thread. */
  function shares(paths: readonly (string | undefined)[]): number[][] {
    const rows: number[][] = Array.from({ length: threads }, () => []);
    paths.forEach((path, row) => {
      if (path !== undefined) rows[threadOf(path, threads)]?.push(row);
    });
    return rows;
  }

  async function fill({ paths, augment }: ImageRows, into: Uint8Array): Promise<void> {
    checkTarget(into, paths.length * rowBytes, workers);
    const target = (row: number) => into.subarray(row * rowBytes, (row + 1) * rowBytes);
    paths.forEach((path, row) => {
      if (path === undefined) target(row).fill(0);
    });
    const outcomes = await Promise.all(
      shares(paths).map(async (rows, thread) => {
        if (rows.length === 0) return [];
        const failures = await reader.request(thread, {
          paths: rows.map((row) => paths[row] as string),
          augment: augment && { ...augment, ids: rows.map((row) => augment.ids[row] as string) },
          targets: rows.map(target),
        });
        return failures.map(({ at, error }) => ({ row: rows[at] as number, error }));
      }),
    );
    const [first] = outcomes.flat().sort((a, b) => a.row - b.row);
    if (first) throw first.error;
  }

  async function check(given: Iterable<string>, { onProgress, signal }: CheckOptions = {}) {
    const paths = [...new Set(given)];
    const errors = new Map<string, UniecsError>();
    let done = 0;
    await Promise.all(
      shares(paths).map(async (rows, thread) => {
        for (let start = 0; start < rows.length; start += checkedAtOnce) {
          if (signal?.aborted) throw interrupted(done, paths.length);
          const part = rows.slice(start, start + checkedAtOnce).map((row) => paths[row] as string);
          for (const { at, error } of await reader.request(thread, { paths: part })) {
            errors.set(part[at] as string, error);
          }
          done += part.length;
          onProgress?.({ done, total: paths.length });
        }
      }),
    );
    return errors;
  }

  return {
    size,
    fit,
    filter,
    pixels: (images) => new Uint8Array(new SharedArrayBuffer(images * rowBytes)),
    fill,
    check,
    get decoded() {
      return reader.decoded;
    },
    get fault() {
      return reader.fault;
    },
    dispose: () => reader.dispose(),
  };
}

/** The thread that reads a file (FNV-1a of its path). */
function threadOf(path: string, threads: number): number {
  if (threads === 1) return 0;
  let hash = 0x811c9dc5;
  for (let i = 0; i < path.length; i++) hash = Math.imul(hash ^ path.charCodeAt(i), 0x01000193);
  return (hash >>> 8) % threads;
}

function whole(name: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw fault('argument', `${name} to be a whole number from ${least}`, `${value}`, 'correct the option');
}

function checkTarget(into: Uint8Array, bytes: number, workers: number): void {
  if (into.length !== bytes) throw fault('shape', `into of ${bytes} bytes`, `${into.length}`, 'make it with pixels');
  if (workers === 0 || into.buffer instanceof SharedArrayBuffer) return;
  throw fault('argument', 'into in shared memory', 'an array of its own', 'make it with pixels');
}

function interrupted(done: number, total: number): UniecsError {
  return fault('interrupted', `to read ${total} images`, `the signal to stop after ${done}`, 'run it again');
}

function fault(code: UniecsError['code'], expected: string, got: string, hint: string): UniecsError {
  return new UniecsError({ code, where: 'imageSource', expected, got, hint });
}
