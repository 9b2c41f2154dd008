import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type FileHandle, open, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { syncFolder } from '@uniecs/tensor/node';
import { hubError } from './hub-error.js';
import type { HubFile } from './hub-files.js';
import { type HubAccess, hubRequest, requestFailed } from './hub-request.js';

/** How a file is fetched. */
export interface DownloadOptions {
  readonly access: HubAccess;
  /** Below the endpoint. */
  readonly path: string;
  readonly file: HubFile;
  /** Where the file comes to lie. */
  readonly to: string;
  /** Is told how many of its bytes are there. */
  readonly onBytes?: (done: number) => void;
}

/** Connections that are tried while none brings anything new. */
const mostTries = 3;

/**
 * Fetches a file: into `NAME.DIGEST.part`, which a later call goes on with, checked against size and checksum, and only then under its name.
 * A file that is there already was checked when it came.
 *
 * @throws UniecsError `data` where the content is not what was announced, with nothing left of it; `unavailable` where the connection keeps
 *   breaking, `interrupted`: what is there is kept; as `hubRequest`
 */
export async function downloadFile({ access, path, file, to, onBytes }: DownloadOptions): Promise<void> {
  if ((await sizeOf(to)) === file.size) return onBytes?.(file.size);
  const digest = 'sha256' in file.digest ? file.digest.sha256 : file.digest.gitBlob;
  const part = join(dirname(to), `${basename(to)}.${digest.slice(0, 16)}.part`);
  const what = `'${file.name}'`;
  for (let tries = 1, before = await sizeOf(part); ; tries++) {
    try {
      await append(access, path, part, file, onBytes);
      break;
    } catch (cause) {
      const error = requestFailed(what, access.endpoint, cause, access.signal);
      const now = await sizeOf(part);
      if (now > before) [tries, before] = [0, now];
      if (error.code !== 'unavailable' || tries >= mostTries) throw error;
    }
  }
  if (!(await isWhole(part, file))) {
    await rm(part, { force: true });
    throw hubError({
      code: 'data',
      expected: `${what} as ${access.endpoint} announced it (${file.size} bytes, ${digest.slice(0, 16)}...)`,
      got: 'another content, which was removed',
      hint: 'run it again; if it stays so, do not trust that endpoint',
      details: { file: file.name },
    });
  }
  await rename(part, to);
  await syncFolder(dirname(to));
}

/** Requests what is missing of a file and appends it. */
async function append(
  access: HubAccess,
  path: string,
  part: string,
  file: HubFile,
  onBytes: DownloadOptions['onBytes'],
): Promise<void> {
  let done = await sizeOf(part);
  if (done === file.size && done > 0) return;
  if (done > file.size) await rm(part, { force: true });
  done = await sizeOf(part);
  const range = done > 0 ? { range: `bytes=${done}-` } : {};
  const response = await hubRequest(access, path, `'${file.name}'`, range);
  // A server that does not know ranges, or has another file now, sends it all.
  const continues = response.status === 206 && response.headers.get('content-range')?.startsWith(`bytes ${done}-`);
  if (!continues) done = 0;
  let out: FileHandle | undefined;
  try {
    out = await open(part, continues ? 'a' : 'w');
    for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
      done += chunk.length;
      if (done > file.size) break;
      await out.writeFile(chunk);
      onBytes?.(done);
    }
    await out.sync();
  } finally {
    await out?.close();
    await response.body?.cancel().catch(() => {});
  }
  if (done > file.size) await rm(part, { force: true });
  if (done === file.size) return;
  throw new Error(`${done} of ${file.size} bytes`);
}

async function isWhole(path: string, { size, digest }: HubFile): Promise<boolean> {
  const hash: Hash = 'sha256' in digest ? createHash('sha256') : createHash('sha1').update(`blob ${size}\0`);
  let bytes = 0;
  for await (const chunk of createReadStream(path)) {
    bytes += (chunk as Buffer).length;
    hash.update(chunk as Buffer);
  }
  return bytes === size && hash.digest('hex') === ('sha256' in digest ? digest.sha256 : digest.gitBlob);
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}
