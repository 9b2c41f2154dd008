import { randomUUID } from 'node:crypto';
import { closeSync, fstatSync, fsyncSync, mkdirSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { UniecsError } from '@uniecs/tensor';
import { type Disk, realDisk } from './disk.js';

/** Whose token features. */
export type Modality = 'image' | 'text';

/** Token features on disk, by a digest of what they were made of. */
export interface FeatureStore {
  has(digest: string): boolean;
  /** Tokens of an item, N. */
  tokensOf(digest: string): number;
  /**
   * Keeps the features [N, D] of an item, as float16 words.
   *
   * @throws UniecsError `file` where the disk is full or the folder cannot be written; what was kept before stays
   */
  add(digest: string, words: Uint16Array): void;
  /**
   * The words [N, D] of an item.
   *
   * @throws UniecsError `file` where they are not there any more, or not as they were written
   */
  read(digest: string): Uint16Array;
  /** Bytes on disk. */
  readonly bytes: number;
  /** Closes the files; what was added is on the disk then. */
  close(): void;
}

/** Where features are kept. */
export interface FeatureStoreOptions {
  /** Made where it is missing; of one encoder. */
  readonly folder: string;
  /** D. */
  readonly width: number;
  /** Bytes after which a new file is begun; default 256 MiB. */
  readonly shardBytes?: number;
  /** Default the one there is. */
  readonly disk?: Disk | undefined;
}

interface Place {
  readonly file: string;
  readonly offset: number;
  readonly words: number;
  readonly checksum: number;
}

const digestBytes = 32;
/** Digest, checksum, number of words, offset. */
const entryBytes = digestBytes + 4 + 4 + 8;
const mostOpenFiles = 64;

/**
 * Opens a store: features one after the other in `*.features`, and where each is in `*.index`, an entry `digest (32) | CRC-32 (4) | words (4)
 * | offset (8)` written after its features. A store writes to files of its own alone, so that processes share a folder without locks; an entry that is
 * torn, or whose features are not all there, is as if it were not there, and every read checks the CRC-32.
 *
 * @throws UniecsError `file` where the folder cannot be made or read
 */
export function openFeatureStore({
  folder,
  width,
  shardBytes = 256 * 2 ** 20,
  disk = realDisk,
}: FeatureStoreOptions): FeatureStore {
  const places = new Map<string, Place>();
  const open = new Map<string, number>();
  let writer:
    | { readonly file: string; readonly features: number; readonly index: number; bytes: number; entries: number }
    | undefined;
  let bytes = 0;
  const path = (file: string, ending: 'features' | 'index') => join(folder, `${file}.${ending}`);

  function readIndexes(): void {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const name of readdirSync(folder)) {
      if (!name.endsWith('.index')) continue;
      const file = name.slice(0, -'.index'.length);
      const entries = readFileSync(join(folder, name));
      const there = fstatSync(opened(file)).size;
      bytes += there + entries.length;
      for (let at = 0; at + entryBytes <= entries.length; at += entryBytes) {
        const digest = entries.toString('latin1', at, at + digestBytes);
        const checksum = entries.readUInt32LE(at + digestBytes);
        const words = entries.readUInt32LE(at + digestBytes + 4);
        const offset = entries.readDoubleLE(at + digestBytes + 8);
        const isWhole = words > 0 && words % width === 0 && offset >= 0 && offset + words * 2 <= there;
        if (isWhole) places.set(digest, { file, offset, words, checksum });
      }
    }
  }

  function opened(file: string): number {
    const known = open.get(file);
    if (known !== undefined) return known;
    const descriptor = openSync(path(file, 'features'), 'r');
    open.set(file, descriptor);
    for (const [other, old] of open) {
      if (open.size <= mostOpenFiles) break;
      open.delete(other);
      closeSync(old);
    }
    return descriptor;
  }

  function read(digest: string): Uint16Array {
    const place = places.get(digest);
    if (!place) throw storeFault(`token features of every item in ${folder}`, 'none of one', 'run the command again');
    const { file, offset, words, checksum } = place;
    const content = new Uint8Array(words * 2);
    let length = 0;
    try {
      length = readSync(opened(file), content, 0, content.length, offset);
    } catch (cause) {
      throw storeFault(`to read ${path(file, 'features')}`, reasonOf(cause), hintOf(file), cause);
    }
    if (length === content.length && crc32(content) === checksum) return new Uint16Array(content.buffer);
    const got = 'others, by their checksum';
    throw storeFault(`token features as they were written in ${path(file, 'features')}`, got, hintOf(file));
  }

  const hintOf = (file: string) => `remove ${path(file, 'index')} and run the command again: what it held is made anew`;

  function writable(): NonNullable<typeof writer> {
    if (writer && writer.bytes < shardBytes) return writer;
    closeWriter();
    const file = randomUUID();
    const features = openSync(path(file, 'features'), 'wx', 0o600);
    writer = { file, features, index: openSync(path(file, 'index'), 'wx', 0o600), bytes: 0, entries: 0 };
    return writer;
  }

  function add(digest: string, words: Uint16Array): void {
    if (places.has(digest)) return;
    const content = Buffer.from(words.buffer, words.byteOffset, words.byteLength);
    try {
      const at = writable();
      const place = { file: at.file, offset: at.bytes, words: words.length, checksum: crc32(content) };
      const entry = Buffer.alloc(entryBytes);
      entry.write(digest, 'latin1');
      entry.writeUInt32LE(place.checksum, digestBytes);
      entry.writeUInt32LE(place.words, digestBytes + 4);
      entry.writeDoubleLE(place.offset, digestBytes + 8);
      disk.write(at.features, content, at.bytes);
      disk.write(at.index, entry, at.entries * entryBytes);
      at.bytes += content.length;
      at.entries++;
      bytes += content.length + entryBytes;
      places.set(digest, place);
    } catch (cause) {
      const hint = 'make room, or name another folder (--feature-cache), and run it again: what is there is kept';
      throw storeFault(`to keep token features in ${folder}`, reasonOf(cause), hint, cause);
    }
  }

  function closeWriter(): void {
    const { features, index } = writer ?? {};
    writer = undefined;
    for (const descriptor of [features, index]) {
      if (descriptor === undefined) continue;
      fsyncSync(descriptor);
      closeSync(descriptor);
    }
  }

  try {
    readIndexes();
  } catch (cause) {
    throw storeFault(`a folder for token features, ${folder}`, reasonOf(cause), 'name another folder', cause);
  }
  return {
    has: (digest) => places.has(digest),
    tokensOf: (digest) => (places.get(digest)?.words ?? 0) / width,
    add,
    read,
    get bytes() {
      return bytes;
    },
    close() {
      closeWriter();
      for (const descriptor of open.values()) closeSync(descriptor);
      open.clear();
      places.clear();
    },
  };
}

const reasonOf = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));

function storeFault(expected: string, got: string, hint: string, cause?: unknown): UniecsError {
  return new UniecsError({ code: 'file', where: 'featureStore', expected, got, hint, cause });
}
