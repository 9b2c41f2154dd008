import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { UniecsError } from '@uniecs/tensor';
import { Header } from 'tar';
import { nextTurn } from '../../next-turn.js';

/** A file in a tar, by where its content lies. */
export interface TarMember {
  /** Its path, with `/` between folders. */
  readonly name: string;
  readonly offset: number;
  readonly size: number;
}

const block = 512;
/** Bytes read at a time: many small members, or the header of a large one. */
const windowBytes = 1 << 16;
/** Largest content of a header that names another one. */
const longestExtension = 1 << 16;
/** Headers read between two turns of the event loop. */
const headersPerTurn = 4096;

const fileTypes: ReadonlySet<string> = new Set(['File', 'OldFile', 'ContiguousFile']);
const passedOver: ReadonlySet<string> = new Set([
  'Directory',
  'GNUDumpDir',
  'GlobalExtendedHeader',
  'TapeVolumeHeader',
]);

/**
 * The files of a tar in its order (ustar, GNU long names, pax), from their headers alone: what is in them is not read.
 *
 * @throws UniecsError `file` where it cannot be read, `data` for what is no tar, damaged or cut off, and for a member that is no plain file
 *   or whose name is none inside a folder: absolute, with `..`
 */
export async function* tarMembers(file: string): AsyncGenerator<TarMember> {
  const source = openTar(file);
  try {
    let position = 0;
    let headers = 0;
    let next: { path?: string | undefined; size?: number | undefined } = {};
    for (;;) {
      if (++headers % headersPerTurn === 0) await nextTurn();
      const header = headerAt(source, position);
      if (!header) return;
      const { type } = header;
      const isFile = fileTypes.has(type);
      const size = (isFile ? next.size : undefined) ?? header.size ?? 0;
      const offset = position + block;
      if (!Number.isSafeInteger(size) || size < 0 || offset + size > source.size) {
        throw damaged(file, position, `a member of ${size} bytes in a file of ${source.size}`);
      }
      position = offset + Math.ceil(size / block) * block;
      if (isFile) {
        const name = checkedName(file, next.path ?? header.path ?? '', offset - block);
        next = {};
        yield { name, offset, size };
      } else if (type === 'NextFileHasLongPath' || type === 'ExtendedHeader' || type === 'OldExtendedHeader') {
        const bytes = extension(source, offset, size);
        const isName = type === 'NextFileHasLongPath';
        next = { ...next, ...(isName ? { path: untilNul(bytes.toString('utf8')) } : paxOf(file, bytes, offset)) };
      } else if (passedOver.has(type)) next = {};
      else {
        throw damaged(file, offset - block, `${header.path ?? 'a member'}, which is no plain file but ${type}`);
      }
    }
  } finally {
    closeSync(source.descriptor);
  }
}

/** An open tar and the bytes of it at hand. */
interface Source {
  readonly file: string;
  readonly descriptor: number;
  readonly size: number;
  readonly window: Buffer;
  start: number;
  end: number;
}

function openTar(file: string): Source {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, 'r');
    const found = fstatSync(descriptor);
    if (!found.isFile()) throw new Error('not a file');
    return { file, descriptor, size: found.size, window: Buffer.allocUnsafe(windowBytes), start: 0, end: 0 };
  } catch (cause) {
    if (descriptor !== undefined) closeSync(descriptor);
    throw unreadable(file, cause);
  }
}

/** Bytes of the tar, in memory that the next call overwrites; fewer at its end. */
function bytesAt(source: Source, position: number, length: number): Buffer {
  if (position < source.start || position + length > source.end) {
    try {
      const read = readSync(source.descriptor, source.window, 0, windowBytes, position);
      source.start = position;
      source.end = position + read;
    } catch (cause) {
      throw unreadable(source.file, cause);
    }
  }
  const from = position - source.start;
  return source.window.subarray(from, Math.min(from + length, source.end - source.start));
}

/** The header at a place; undefined for the zeros that end a tar. */
function headerAt(source: Source, position: number): Header | undefined {
  const bytes = bytesAt(source, position, block);
  if (bytes.length < block) {
    const got = bytes.length === 0 ? 'its end without the zeros that end a tar' : `${bytes.length} bytes of a header`;
    throw damaged(source.file, position, got);
  }
  let header: Header;
  try {
    header = new Header(bytes, 0);
  } catch (cause) {
    throw damaged(source.file, position, cause instanceof Error ? cause.message : String(cause));
  }
  if (header.nullBlock) return undefined;
  if (header.cksumValid) return header;
  const isGzip = position === 0 && bytes[0] === 0x1f && bytes[1] === 0x8b;
  throw damaged(source.file, position, isGzip ? 'a gzip: unpack it' : 'no header, or a damaged one');
}

function extension(source: Source, offset: number, size: number): Buffer {
  if (size > longestExtension) throw damaged(source.file, offset, `a name or extended header of ${size} bytes`);
  return bytesAt(source, offset, size);
}

function untilNul(text: string): string {
  const end = text.indexOf('\0');
  return end < 0 ? text : text.slice(0, end);
}

/** The name and size that records `LENGTH KEY=VALUE\n` of an extended header give, the length in bytes of all of it. */
function paxOf(file: string, bytes: Buffer, offset: number): { path?: string; size?: number } {
  const found: { path?: string; size?: number } = {};
  for (let start = 0; start < bytes.length; ) {
    const [, digits, key = ''] = /^(\d{1,6}) ([^=\n]*)=/.exec(bytes.toString('utf8', start, start + 300)) ?? [];
    const end = start + Number(digits);
    const valueStart = start + Buffer.byteLength(`${digits} ${key}=`);
    if (!(end <= bytes.length) || valueStart >= end || bytes[end - 1] !== 10) {
      throw damaged(file, offset + start, 'a damaged extended header');
    }
    const value = bytes.toString('utf8', valueStart, end - 1);
    if (key.startsWith('GNU.sparse.')) throw damaged(file, offset, 'a sparse file');
    if (key === 'path') found.path = value;
    if (key === 'size') found.size = /^\d+$/.test(value) ? Number(value) : Number.NaN;
    start = end;
  }
  return found;
}

function checkedName(file: string, given: string, position: number): string {
  const name = given.replace(/^(\.\/)+/, '');
  const parts = name.split('/');
  const isInside = name !== '' && !/[\0\\]|^[A-Za-z]:/.test(name) && !name.startsWith('/') && !parts.includes('..');
  if (isInside) return parts.filter((part) => part !== '.' && part !== '').join('/');
  throw damaged(file, position, `a member named ${JSON.stringify(given.slice(0, 200))}`);
}

function damaged(file: string, position: number, got: string): UniecsError {
  return new UniecsError({
    code: 'data',
    where: 'readShards',
    expected: `${file} to be a whole tar of plain files, with names inside a folder`,
    got: `${got} (at byte ${position})`,
    hint: 'write the shard again, with uniecs data shard or tar',
    details: { file, position },
  });
}

function unreadable(file: string, cause: unknown): UniecsError {
  return new UniecsError({
    code: 'file',
    where: 'readShards',
    expected: `a readable shard ${file}`,
    got: cause instanceof Error ? cause.message : String(cause),
    hint: 'check the path',
    details: { file },
    cause,
  });
}
