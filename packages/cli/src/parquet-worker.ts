// The thread behind `openParquet`: answers each request for something of a Parquet file.
import { parentPort } from 'node:worker_threads';
import { type ErrorFields, UniecsError } from '@uniecs/tensor';
import { parseParquetEmbeddings } from './embeddings/parse-parquet.js';
import type { ParquetRequest } from './parquet/parquet-messages.js';
import type { ParquetAnswer } from './parquet/parquet-thread.js';
import { tablePage } from './parquet/table-pages.js';

parentPort?.on('message', async (request: ParquetRequest) => {
  let answer: ParquetAnswer;
  try {
    answer = {
      result: await (request.what === 'rows'
        ? tablePage(request.path, request.from)
        : parseParquetEmbeddings(request.path)),
    };
  } catch (error) {
    answer = UniecsError.isInstance(error) ? { error: fieldsOf(error) } : { unreadable: String(error) };
  }
  parentPort?.postMessage(answer);
});

function fieldsOf({ code, where, expected, got, hint, details }: UniecsError): Omit<ErrorFields, 'cause'> {
  return { code, where, expected, got, hint, details };
}
