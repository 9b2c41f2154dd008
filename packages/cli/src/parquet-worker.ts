// The thread behind `readParquetEmbeddings`: reads a file for each path that it is given.
import { parentPort } from 'node:worker_threads';
import { UniecsError } from '@uniecs/tensor';
import { parseParquetEmbeddings } from './embeddings/parse-parquet.js';
import type { ParquetReply } from './embeddings/read-parquet.js';

parentPort?.on('message', async (path: string) => {
  let reply: ParquetReply;
  try {
    reply = { vectors: await parseParquetEmbeddings(path) };
  } catch (error) {
    // Whatever else is thrown ends the thread, and is said by who waits for it.
    if (!UniecsError.isInstance(error)) throw error;
    const { code, where, expected, got, hint, details } = error;
    reply = { error: { code, where, expected, got, hint, details } };
  }
  parentPort?.postMessage(reply);
});
