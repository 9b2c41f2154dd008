import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { UniecsError } from '@uniecs/tensor';
import { type FileSystem, nodeFileSystem, writeSynced } from '@uniecs/tensor/node';
import type { CheckpointInfo } from './checkpoint-info.js';
import { fileError } from './file-error.js';

/** The files of a checkpoint. */
export const checkpointFiles = { state: 'state.safetensors', manifest: 'manifest.json' } as const;

/** A file's size and SHA-256 (hexadecimal). */
export interface FileDigest {
  readonly bytes: number;
  readonly sha256: string;
}

/** The content of a checkpoint's `manifest.json`, beside a `sha256` of this content as JSON. */
export interface CheckpointManifest {
  readonly version: 1;
  /** Every other file of the checkpoint. */
  readonly files: Readonly<Record<string, FileDigest>>;
  readonly info: CheckpointInfo;
}

/** What a look at a checkpoint found: its manifest, where every file is what it says, or why it is not whole. */
export type Verdict =
  | { readonly manifest: CheckpointManifest; readonly flaw?: never }
  | { readonly flaw: string; readonly manifest?: never };

/** The manifest as the text of its file. */
export function manifestText(manifest: CheckpointManifest): string {
  const content = JSON.stringify(manifest);
  return `${JSON.stringify({ ...manifest, sha256: sha256(content) }, null, 2)}\n`;
}

/** Writes a file as `writeSynced` does, and says what was written. */
export async function writeDigested(
  path: string,
  chunks: Iterable<Uint8Array>,
  fileSystem: FileSystem,
): Promise<FileDigest> {
  const hash = createHash('sha256');
  let bytes = 0;
  function* counted(): Generator<Uint8Array> {
    for (const chunk of chunks) {
      hash.update(chunk);
      bytes += chunk.length;
      yield chunk;
    }
  }
  await writeSynced(path, counted(), fileSystem);
  return { bytes, sha256: hash.digest('hex') };
}

/**
 * Reads a checkpoint's files and compares each with the manifest, and the manifest with its own hash.
 *
 * @throws UniecsError `file` when the system refuses to read what may well be whole (no permission, say), `unsupported` for a
 *   manifest of another version
 */
export async function verifyCheckpoint(folder: string, fileSystem: FileSystem = nodeFileSystem): Promise<Verdict> {
  const read = await readManifest(folder, fileSystem);
  if (read.flaw !== undefined) return read;
  for (const [name, expected] of Object.entries(read.manifest.files)) {
    const flaw = await fileFlaw(join(folder, name), name, expected, fileSystem);
    if (flaw !== undefined) return { flaw };
  }
  return read;
}

/** What is wrong with a file, if anything. */
export async function fileFlaw(
  path: string,
  name: string,
  expected: FileDigest,
  fileSystem: FileSystem,
): Promise<string | undefined> {
  const found = await reading(path, () => digestOf(path, fileSystem));
  if (typeof found === 'string') return `${name}: ${found}`;
  if (found.bytes !== expected.bytes) return `${name} has ${found.bytes} of ${expected.bytes} bytes`;
  return found.sha256 === expected.sha256 ? undefined : `${name} is not what its SHA-256 says`;
}

async function readManifest(folder: string, fileSystem: FileSystem): Promise<Verdict> {
  const name = checkpointFiles.manifest;
  const path = join(folder, name);
  const bytes = await reading(path, () => wholeFile(path, fileSystem));
  if (typeof bytes === 'string') return { flaw: `${name}: ${bytes}` };
  const parsed = parsedRecord(bytes.toString('utf8'));
  if (parsed === undefined) return { flaw: `${name} is not whole JSON` };
  const { sha256: expected, ...content } = parsed;
  if (expected !== sha256(JSON.stringify(content))) return { flaw: `${name} is not what its SHA-256 says` };
  if (content.version === 1) return { manifest: content as unknown as CheckpointManifest };
  throw new UniecsError({
    code: 'unsupported',
    where: 'loadCheckpoint',
    expected: `a checkpoint of version 1 in ${folder}`,
    got: `version ${content.version}`,
    hint: 'use the version of UniECS that wrote it',
    details: { path },
  });
}

/** What was read, or why there is nothing to read: the disk lost it. */
async function reading<T>(path: string, read: () => Promise<T>): Promise<T | string> {
  try {
    return await read();
  } catch (cause) {
    const { code = '', message } = cause as NodeJS.ErrnoException;
    if (lost.has(code)) return code === 'ENOENT' ? 'missing' : message;
    throw fileError({
      where: 'loadCheckpoint',
      action: 'to read',
      path,
      hint: 'check its permissions and the disk',
      cause,
    });
  }
}

const lost = new Set(['ENOENT', 'ENOTDIR', 'EISDIR', 'EIO', 'EBADMSG', 'EUCLEAN']);

async function digestOf(path: string, fileSystem: FileSystem): Promise<FileDigest> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of chunksOf(path, fileSystem)) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest('hex') };
}

async function wholeFile(path: string, fileSystem: FileSystem): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of chunksOf(path, fileSystem)) chunks.push(Uint8Array.from(chunk));
  return Buffer.concat(chunks);
}

/** A file's content, up to 4 MB at a time, all in the same memory: a chunk is gone when the next one is asked for. */
async function* chunksOf(path: string, fileSystem: FileSystem): AsyncGenerator<Uint8Array> {
  const file = await fileSystem.open(path, 'r');
  try {
    const { size } = await file.stat();
    const chunk = new Uint8Array(Math.min(size + 1, 4 * 2 ** 20));
    for (let position = 0; ; ) {
      const { bytesRead } = await file.read(chunk, 0, chunk.length, position);
      if (bytesRead === 0) return;
      position += bytesRead;
      yield chunk.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function parsedRecord(json: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
