import { Worker } from 'node:worker_threads';
import { UniecsError } from '@uniecs/tensor';
import { workerEntry } from '../../worker-entry.js';
import type { CatalogueReply, CatalogueRequest } from './catalogue-protocol.js';
import { type CatalogueSetup, type CatalogueWork, catalogueWork } from './catalogue-work.js';
import type { Looks } from './propose-group.js';

/** Requests that a thread has at a time: small enough that all end together. */
const chunk = 64;

interface Waiting {
  resolve(reply: CatalogueReply): void;
  reject(error: Error): void;
}

/**
 * The work in threads. What they make does not depend on how many there are.
 *
 * @param threads from 1
 * @throws UniecsError `unavailable` from its calls when a thread has stopped; `file` where a picture cannot be written
 */
export function catalogueWorkers(setup: CatalogueSetup, threads: number): CatalogueWork {
  const members = Array.from({ length: threads }, () => {
    const thread = new Worker(workerEntry, { workerData: setup, name: 'uniecs catalogue' });
    let waiting: Waiting | undefined;
    const fail = (reason: string, cause?: unknown) => waiting?.reject(stopped(reason, cause));
    thread.on('message', (reply: CatalogueReply) => waiting?.resolve(reply));
    thread.on('error', (error) => fail(error.message, error));
    thread.on('exit', (code) => fail(`exit code ${code}`));
    const ask = (request: CatalogueRequest) =>
      new Promise<CatalogueReply>((resolve, reject) => {
        waiting = { resolve, reject };
        thread.postMessage(request);
      });
    return { thread, ask };
  });

  /** Gives each thread a part at a time until none is left. */
  async function share<T>(
    requests: readonly T[],
    requestOf: (part: readonly T[]) => CatalogueRequest,
    take: (reply: CatalogueReply, start: number, count: number) => void,
  ): Promise<void> {
    let next = 0;
    const outcomes = await Promise.allSettled(
      members.map(async ({ ask }) => {
        try {
          while (next < requests.length) {
            const start = next;
            next += chunk;
            const part = requests.slice(start, start + chunk);
            const reply = await ask(requestOf(part));
            if ('failed' in reply) throw unwritable(reply.failed);
            take(reply, start, part.length);
          }
        } catch (error) {
          next = requests.length;
          throw error;
        }
      }),
    );
    for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
  }

  return {
    styles: catalogueWork(setup).styles,
    async propose(requests) {
      const looks: Looks[] = [];
      await share(
        requests,
        (propose) => ({ propose }),
        (reply, start) => {
          for (const [i, each] of ('looks' in reply ? reply.looks : []).entries()) looks[start + i] = each;
        },
      );
      return looks;
    },
    draw: (requests, onDrawn) =>
      share(
        requests,
        (draw) => ({ draw }),
        (_, __, count) => onDrawn(count),
      ),
    dispose: async () => void (await Promise.all(members.map(({ thread }) => thread.terminate()))),
  };
}

function stopped(reason: string, cause: unknown): UniecsError {
  return new UniecsError({
    code: 'unavailable',
    where: 'generateCatalogue',
    expected: 'its threads to draw products',
    got: `one that stopped (${reason})`,
    hint: 'run it again; with threads 0 all is done in the main thread',
    cause,
  });
}

function unwritable(reason: string): UniecsError {
  return new UniecsError({
    code: 'file',
    where: 'generateCatalogue',
    expected: 'to write a picture',
    got: reason,
    hint: 'free disk space or choose another folder',
  });
}
