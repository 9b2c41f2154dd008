import { type ErrorFields, UniecsError } from '@uniecs/tensor';
import type { DecodeOptions } from './decode-image.js';
import type { RowAugmentation } from './fill-images.js';
import type { ImageStoreOptions } from './image-store.js';

/** What an image worker is started with. */
export interface WorkerSetup {
  readonly size: number;
  readonly fit: DecodeOptions['fit'];
  readonly maxBytes: number;
  readonly concurrency: number;
  readonly store: ImageStoreOptions | undefined;
}

/** Images that a worker reads. */
export interface WorkerRequest {
  readonly job: number;
  readonly paths: readonly string[];
  readonly augment?: RowAugmentation | undefined;
  /** In shared memory. */
  readonly targets?: readonly Uint8Array[] | undefined;
}

/** What became of a request. */
export interface WorkerReply {
  readonly job: number;
  readonly failures: readonly { readonly at: number; readonly error: ErrorFields }[];
  /** Images that this worker has decoded so far. */
  readonly decoded: number;
  /** Why its store keeps nothing more. */
  readonly fault: ErrorFields | undefined;
}

/** An error as it goes from thread to thread: plain values. */
export function errorFields({ code, where, expected, got, hint, details }: UniecsError): ErrorFields {
  return { code, where, expected, got, hint, details };
}

/** The error again. */
export function errorOf(fields: ErrorFields): UniecsError {
  return new UniecsError(fields);
}
