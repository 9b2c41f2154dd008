import { Worker } from 'node:worker_threads';
import { UniecsError } from '@uniecs/tensor';
import type { FillFailure } from './fill-images.js';
import { errorOf, type WorkerReply, type WorkerRequest, type WorkerSetup, type WorkerStop } from './worker-protocol.js';

/** Threads that read images. */
export interface WorkerPool {
  /**
   * Has a worker read images. Each worker takes its requests in order.
   *
   * @throws UniecsError `unavailable` when a worker has stopped, now or before; `file` where the store's folder can no longer be used;
   *   `interrupted` by `dispose`
   */
  request(worker: number, request: Omit<WorkerRequest, 'job'>): Promise<FillFailure[]>;
  /** Images decoded by all of them. */
  readonly decoded: number;
  /** The first reason why a store keeps nothing more. */
  readonly fault: UniecsError | undefined;
  /** Stops the threads; what was asked for fails. */
  dispose(): Promise<void>;
}

interface Pending {
  resolve(failures: FillFailure[]): void;
  reject(error: UniecsError): void;
}

interface Member {
  readonly thread: Worker;
  readonly pending: Map<number, Pending>;
  decoded: number;
  fault: UniecsError | undefined;
}

/** Starts threads. They keep the process alive while they have something to do, not otherwise. */
export function workerPool(entry: URL, count: number, setup: WorkerSetup): WorkerPool {
  let broken: UniecsError | undefined;
  let jobs = 0;
  const members = Array.from({ length: count }, start);

  function start(): Member {
    const thread = new Worker(entry, { workerData: setup, name: 'uniecs images' });
    const member: Member = { thread, pending: new Map(), decoded: 0, fault: undefined };
    thread.unref();
    thread.on('message', (said: WorkerReply | WorkerStop) => {
      if ('stop' in said) return fail(errorOf(said.stop));
      const { job, failures, decoded, fault } = said;
      const pending = member.pending.get(job);
      member.pending.delete(job);
      member.decoded = decoded;
      member.fault ??= fault && errorOf(fault);
      if (member.pending.size === 0) thread.unref();
      pending?.resolve(failures.map(({ at, error }) => ({ at, error: errorOf(error) })));
    });
    thread.on('messageerror', (error) => fail(stopped(`a reply that cannot be read: ${error.message}`, error)));
    thread.on('error', (error) => fail(stopped(reasonOf(error), error)));
    thread.on('exit', (code) => fail(stopped(`exit code ${code}`)));
    return member;
  }

  /** A worker that is gone leaves its rows unread: nothing that any of them does is of use any more. */
  function fail(error: UniecsError): void {
    broken ??= error;
    for (const { thread, pending } of members) {
      for (const { reject } of pending.values()) reject(broken);
      pending.clear();
      thread.unref();
    }
  }

  return {
    request(worker, request) {
      if (broken) return Promise.reject(broken);
      const { thread, pending } = members[worker] as Member;
      const job = jobs++;
      return new Promise((resolve, reject) => {
        pending.set(job, { resolve, reject });
        thread.ref();
        thread.postMessage({ ...request, job } satisfies WorkerRequest);
      });
    },
    get decoded() {
      return members.reduce((sum, { decoded }) => sum + decoded, 0);
    },
    get fault() {
      return members.find(({ fault }) => fault)?.fault;
    },
    async dispose() {
      fail(disposed());
      await Promise.all(members.map(({ thread }) => thread.terminate()));
    },
  };
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error && error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'it ran out of memory' : error.message;
}

function stopped(reason: string, cause?: unknown): UniecsError {
  return new UniecsError({
    code: 'unavailable',
    where: 'imageSource',
    expected: 'its threads to read images',
    got: `one that stopped (${reason})`,
    hint: 'run it again; with no workers at all, images are read in the main thread',
    cause,
  });
}

function disposed(): UniecsError {
  return new UniecsError({
    code: 'interrupted',
    where: 'imageSource',
    expected: 'an image source in use',
    got: 'one that was disposed',
    hint: 'dispose it later, or make another',
  });
}
