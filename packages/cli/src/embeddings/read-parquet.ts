import { stat } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import type { ItemVectors } from '@uniecs/mbeer';
import { type ErrorFields, UniecsError } from '@uniecs/tensor';
import { unreadable } from './embeddings-error.js';

/** What the thread that reads Parquet answers. */
export type ParquetReply = { readonly vectors: ItemVectors } | { readonly error: Omit<ErrorFields, 'cause'> };

/** The built file of the thread: from a source file and from a built one in the same place, since Node runs no TypeScript. */
const entry = new URL(
  `${/\/dist\/[^/]+$/.test(import.meta.url) ? '.' : '../../dist'}/parquet-worker.js`,
  import.meta.url,
);

/** What a file may take: a start, and what a megabyte of it may add. Reading takes about a tenth of either. */
const limits = { seconds: 10, secondsPerMegabyte: 1, megabytes: 256, megabytesPerMegabyte: 24 } as const;

/** A thread that has read a file and waits for the next. */
let idle: Idle | undefined;

interface Idle {
  readonly thread: Worker;
  readonly megabytes: number;
}

/**
 * Reads embeddings from Parquet (`parseParquetEmbeddings`) in a thread of its own: a file that is made to keep its reader busy, or to take all
 * memory, ends the thread and not the process.
 *
 * @throws UniecsError as `parseParquetEmbeddings`; `file` for one that takes more time or memory than its size allows
 */
export async function readParquetEmbeddings(path: string): Promise<ItemVectors> {
  const size = await stat(path).then(
    (found) => found.size / 2 ** 20,
    () => 0,
  );
  const megabytes = Math.ceil(limits.megabytes + limits.megabytesPerMegabyte * size);
  const seconds = Math.ceil(limits.seconds + limits.secondsPerMegabyte * size);
  const thread = taken(megabytes) ?? start(megabytes);
  const reply = await answerOf(thread, path, seconds, megabytes);
  thread.unref();
  void taken()?.terminate();
  idle = { thread, megabytes };
  if ('error' in reply) throw new UniecsError(reply.error);
  return reply.vectors;
}

/** The thread that waits, which waits no more: one of that much memory, or any. */
function taken(megabytes?: number): Worker | undefined {
  const found = idle;
  if (!found || (megabytes ?? found.megabytes) !== found.megabytes) return undefined;
  idle = undefined;
  return found.thread;
}

function start(megabytes: number): Worker {
  const thread = new Worker(entry, { resourceLimits: { maxOldGenerationSizeMb: megabytes }, name: 'uniecs parquet' });
  // What it says when it is ended is nobody's.
  return thread.on('error', () => {});
}

/** What the thread says of a file; it is ended where it says nothing. */
function answerOf(thread: Worker, path: string, seconds: number, megabytes: number): Promise<ParquetReply> {
  return new Promise((resolve, reject) => {
    const failed = (reason: string) => {
      finish();
      void thread.terminate();
      reject(unreadable(path, 'Parquet', new Error(reason)));
    };
    const timer = setTimeout(() => failed(`one that takes more than ${seconds} s to read`), 1000 * seconds);
    const onError = (error: Error & { code?: string }) =>
      failed(
        error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? `one that takes more than ${megabytes} MB to read` : error.message,
      );
    const onExit = () => failed('an end of the thread that reads it');
    const onReply = (reply: ParquetReply) => {
      finish();
      resolve(reply);
    };
    function finish(): void {
      clearTimeout(timer);
      thread.off('message', onReply).off('error', onError).off('exit', onExit);
    }
    thread.on('message', onReply).on('error', onError).on('exit', onExit);
    thread.ref();
    thread.postMessage(path);
  });
}
