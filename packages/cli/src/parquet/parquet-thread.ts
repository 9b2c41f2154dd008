import { stat } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import type { ItemVectors } from '@uniecs/mbeer';
import { type ErrorFields, UniecsError } from '@uniecs/tensor';
import type { ParquetRequest } from './parquet-messages.js';
import type { TablePage } from './table-pages.js';

/** The built file of the thread: from a source file and from a built one in the same place, since Node runs no TypeScript. */
const entry = new URL(
  `${/\/dist\/[^/]+$/.test(import.meta.url) ? '.' : '../../dist'}/parquet-worker.js`,
  import.meta.url,
);

/** What a file may take: a start, and what a megabyte of it may add. Reading takes about a tenth of either. */
const limits = { seconds: 5, secondsPerMegabyte: 1, megabytes: 256, megabytesPerMegabyte: 24 } as const;

/** A thread that has answered and waits for the next file. */
let idle: Idle | undefined;

interface Idle {
  readonly thread: Worker;
  readonly megabytes: number;
}

/** What the thread says of a request. */
export type ParquetAnswer =
  | { readonly result: unknown }
  | { readonly error: Omit<ErrorFields, 'cause'> }
  | { readonly unreadable: string };

/** One Parquet file in the hands of a thread: one request at a time. */
export interface ParquetThread {
  /** What `parseParquetEmbeddings` makes of it. */
  embeddings(): Promise<ItemVectors>;
  /** What `tablePage` makes of it. */
  rows(from: number): Promise<TablePage>;
  /** Leaves the thread to the next file. */
  close(): void;
}

/**
 * Reads a Parquet file in a thread of its own: a file that is made to keep its reader busy, or to take all memory, ends the thread and not the
 * process. What is asked of it throws what its reader throws (UniecsError), or `unreadable`, also for a file that takes more time or memory
 * than its size allows.
 *
 * @param unreadable the error for a file that cannot be read, by the reason
 */
export async function openParquet(
  path: string,
  unreadable: (reason: string) => UniecsError,
  { megabytes: least = limits.megabytes }: { readonly megabytes?: number } = {},
): Promise<ParquetThread> {
  const size = await stat(path).then(
    (found) => found.size / 2 ** 20,
    () => 0,
  );
  const megabytes = Math.ceil(least + limits.megabytesPerMegabyte * size);
  const seconds = Math.ceil(limits.seconds + limits.secondsPerMegabyte * size);
  let thread: Worker | undefined = taken(megabytes) ?? start(megabytes);

  async function ask(request: ParquetRequest): Promise<unknown> {
    if (!thread) throw unreadable('a thread that was ended');
    const answer = await answerOf(thread, request, seconds, megabytes).catch((reason) => {
      void thread?.terminate();
      thread = undefined;
      throw unreadable(String(reason));
    });
    if ('unreadable' in answer) throw unreadable(answer.unreadable);
    if ('error' in answer) throw new UniecsError(answer.error);
    return answer.result;
  }

  return {
    embeddings: () => ask({ what: 'embeddings', path }) as Promise<ItemVectors>,
    rows: (from) => ask({ what: 'rows', path, from }) as Promise<TablePage>,
    close() {
      if (!thread) return;
      thread.unref();
      void taken()?.terminate();
      idle = { thread, megabytes };
      thread = undefined;
    },
  };
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

/** What the thread answers, or the reason why it does not. */
function answerOf(thread: Worker, request: ParquetRequest, seconds: number, megabytes: number): Promise<ParquetAnswer> {
  return new Promise((resolve, reject) => {
    const failed = (reason: string) => {
      finish();
      reject(reason);
    };
    const timer = setTimeout(() => failed(`one that takes more than ${seconds} s to read`), 1000 * seconds);
    const onError = (error: Error & { code?: string }) =>
      failed(
        error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? `one that takes more than ${megabytes} MB to read` : error.message,
      );
    const onExit = () => failed('an end of the thread that reads it');
    const onAnswer = (answer: ParquetAnswer) => {
      finish();
      thread.unref();
      resolve(answer);
    };
    function finish(): void {
      clearTimeout(timer);
      thread.off('message', onAnswer).off('error', onError).off('exit', onExit);
    }
    thread.on('message', onAnswer).on('error', onError).on('exit', onExit);
    thread.ref();
    thread.postMessage(request);
  });
}
