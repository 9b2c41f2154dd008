import { createHash, randomUUID } from 'node:crypto';
import {
  accessSync,
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  utimesSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { UniecsError } from '@uniecs/tensor';
import { type DecodeOptions, decoderName } from './decode-image.js';
import { makeRoom } from './make-room.js';

/** Where decoded images are kept on disk, and how many. */
export interface ImageStoreOptions extends DecodeOptions {
  /** Made where it is missing; shared by any number of processes, sizes and versions of the decoder. */
  readonly folder: string;
  /** Side of the images, S. */
  readonly size: number;
  /**
   * Most bytes of images that the folder may take: before more are written, the files used longest ago go. Default 20 GiB. Other groups
   * that write at the same time may exceed it by their `fileBytes` each.
   */
  readonly maxBytes?: number;
  /** Bytes after which a new file is begun, over all stores of the group; default 256 MiB, at most half of `maxBytes`. */
  readonly fileBytes?: number;
  /** Stores that write at once, those of a source's threads say: none removes what another has written. Default this store alone. */
  readonly group?: StoreGroup;
}

/** Stores that share `maxBytes`. */
export interface StoreGroup {
  /** Of letters, digits and hyphens, and no other group's, of another process neither. */
  readonly name: string;
  /** How many they are. */
  readonly stores: number;
}

/** Decoded images on disk, by the content of the files that they were decoded from. */
export interface ImageStore {
  /** RGB pixels [S, S, 3], or undefined where they are not held, or not as they were written. */
  find(digest: string): Uint8Array | undefined;
  /** Keeps pixels; does nothing once something could not be written (`fault`). */
  add(digest: string, pixels: Uint8Array): void;
  /** Why nothing is written any more: the disk is full, the folder cannot be written, `maxBytes` is reached by this store alone. */
  readonly fault: UniecsError | undefined;
  close(): void;
}

/** What the store knows images by: SHA-256 of a file's content, a character a byte. */
export function imageDigest(content: Uint8Array): string {
  return createHash('sha256').update(content).digest().toString('latin1');
}

/** Where an image is: a pair of files of this name, and which of its records. */
interface Place {
  readonly file: string;
  readonly record: number;
}

const digestBytes = 32;
/** Digest and checksum before the pixels of a record, and both again as an entry of the index. */
const headBytes = digestBytes + 4;
const mostOpenFiles = 64;

/**
 * The folder, made where it is missing, of images of one size and one version of the decoder.
 *
 * @throws UniecsError `file` where it cannot be made or read
 */
export function storeFolder({ folder, size, ...form }: ImageStoreOptions): string {
  const path = join(folder, `${size}-${decoderName(form)}`);
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    accessSync(path, constants.R_OK | constants.X_OK);
    return path;
  } catch (cause) {
    throw storeFault(`a folder for decoded images, ${path}`, cause);
  }
}

/**
 * Opens a store: records of `digest (32) | CRC-32 of the pixels (4) | pixels (3 S²)` one after the other in `*.images`, their heads in
 * `*.index`. A store writes to files of its own alone, a record before its entry, and every read checks length, digest and checksum: so
 * stores of several threads and processes share a folder without locks, and what is torn or damaged is as if it were not there.
 *
 * @throws UniecsError `file` where the folder cannot be made or read; `argument` for a group whose name is no file's
 */
export function openImageStore(options: ImageStoreOptions): ImageStore {
  const { size, maxBytes = 20 * 2 ** 30, group = { name: randomUUID(), stores: 1 } } = options;
  // Each store of the group may have a file at work; together they fill what makeRoom has left free.
  const reserve = Math.min(options.fileBytes ?? 256 * 2 ** 20, maxBytes / 2);
  const fileBytes = reserve / group.stores;
  checkGroup(group);
  const folder = storeFolder(options);
  const pixelBytes = size * size * 3;
  const recordBytes = headBytes + pixelBytes;
  const places = new Map<string, Place>();
  /** Further places of the same image: written by another process at the same time, or because the first was damaged. */
  const spares = new Map<string, Place[]>();
  const open = new Map<string, number>();
  let writer: { readonly file: string; readonly records: number; readonly index: number; count: number } | undefined;
  let fault: UniecsError | undefined;

  const path = (file: string, ending: 'images' | 'index') => join(folder, `${file}.${ending}`);

  function readIndexes(): void {
    for (const name of readdirSync(folder)) {
      if (!name.endsWith('.index')) continue;
      const file = name.slice(0, -'.index'.length);
      const entries = readEntries(join(folder, name));
      for (let record = 0; (record + 1) * headBytes <= entries.length; record++) {
        const digest = entries.toString('latin1', record * headBytes, record * headBytes + digestBytes);
        if (places.has(digest)) spares.set(digest, [...(spares.get(digest) ?? []), { file, record }]);
        else places.set(digest, { file, record });
      }
    }
  }

  /** Opens a file's records for reading, and notes that they are in use. */
  function openRecords(file: string): number {
    const known = open.get(file);
    if (known !== undefined) return known;
    const records = openSync(path(file, 'images'), 'r');
    open.set(file, records);
    const now = new Date();
    try {
      utimesSync(path(file, 'images'), now, now);
    } catch {
      // Another user's, or a disk that is mounted to be read: its age is not ours to change.
    }
    for (const [other, descriptor] of open) {
      if (open.size <= mostOpenFiles) break;
      open.delete(other);
      closeSync(descriptor);
    }
    return records;
  }

  /** The pixels at a place, or undefined where they are not what was written. */
  function read({ file, record }: Place, digest: string): Uint8Array | undefined {
    const bytes = Buffer.allocUnsafeSlow(recordBytes);
    try {
      const length = readSync(openRecords(file), bytes, 0, recordBytes, record * recordBytes);
      const pixels = bytes.subarray(headBytes);
      const whole = length === recordBytes && bytes.toString('latin1', 0, digestBytes) === digest;
      if (whole && bytes.readUInt32LE(digestBytes) === crc32(pixels)) return new Uint8Array(bytes.buffer, headBytes);
    } catch {
      // Removed by another process to make room, or unreadable: decoded anew.
    }
    return undefined;
  }

  function find(digest: string): Uint8Array | undefined {
    for (let place = places.get(digest); place; place = places.get(digest)) {
      const pixels = read(place, digest);
      if (pixels) return pixels;
      const next = spares.get(digest)?.pop();
      if (next) places.set(digest, next);
      else places.delete(digest);
    }
    return undefined;
  }

  /** The files to append to: new ones when there are none or the last are full. */
  function writable(): NonNullable<typeof writer> {
    if (writer && (writer.count + 1) * recordBytes <= fileBytes) return writer;
    closeWriter();
    makeRoom(options.folder, maxBytes - reserve, (name) => name.startsWith(`${group.name}.`));
    const file = `${group.name}.${randomUUID()}`;
    const records = openSync(path(file, 'images'), 'wx', 0o600);
    writer = { file, records, index: openSync(path(file, 'index'), 'wx', 0o600), count: 0 };
    return writer;
  }

  function add(digest: string, pixels: Uint8Array): void {
    if (fault || places.has(digest)) return;
    const record = Buffer.allocUnsafe(recordBytes);
    record.write(digest, 'latin1');
    record.writeUInt32LE(crc32(pixels), digestBytes);
    record.set(pixels, headBytes);
    try {
      const { file, records, index, count } = writable();
      writeWhole(records, record, count * recordBytes);
      writeWhole(index, record.subarray(0, headBytes), count * headBytes);
      (writer as NonNullable<typeof writer>).count++;
      places.set(digest, { file, record: count });
    } catch (cause) {
      fault = UniecsError.isInstance(cause) ? cause : storeFault(`to keep decoded images in ${folder}`, cause);
      closeWriter();
    }
  }

  function closeWriter(): void {
    if (writer) for (const descriptor of [writer.records, writer.index]) closeSync(descriptor);
    writer = undefined;
  }

  try {
    readIndexes();
  } catch (cause) {
    throw storeFault(`a folder for decoded images, ${folder}`, cause);
  }
  return {
    find,
    add,
    get fault() {
      return fault;
    },
    close() {
      closeWriter();
      for (const descriptor of open.values()) closeSync(descriptor);
      for (const held of [open, places, spares]) held.clear();
    },
  };
}

/** What an index holds; nothing where it went to make room since the folder was listed, or is another user's. */
function readEntries(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    return Buffer.alloc(0);
  }
}

function writeWhole(descriptor: number, bytes: Buffer, position: number): void {
  const written = writeSync(descriptor, bytes, 0, bytes.length, position);
  if (written < bytes.length) throw new Error(`${written} of ${bytes.length} bytes written: is the disk full?`);
}

function checkGroup({ name, stores }: StoreGroup): void {
  if (/^[\w-]+$/.test(name) && Number.isSafeInteger(stores) && stores >= 1) return;
  throw new UniecsError({
    code: 'argument',
    where: 'imageStore',
    expected: 'a group with a name of letters, digits and hyphens, of at least 1 store',
    got: `'${name}' of ${stores}`,
    hint: 'name it by randomUUID()',
  });
}

function storeFault(expected: string, cause: unknown): UniecsError {
  return new UniecsError({
    code: 'file',
    where: 'imageStore',
    expected,
    got: cause instanceof Error ? cause.message : String(cause),
    hint: 'make room there, name another folder, or do without',
    cause,
  });
}
