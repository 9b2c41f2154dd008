import { type ErrorFields, UniecsError } from '@uniecs/tensor';
import type { DecodeOptions } from './decode-image.js';
import type { RowAugmentation } from './fill-images.js';
import type { ImageStoreOptions } from './image-store.js';

/** What an image worker is started with. */
export interface WorkerSetup {
  readonly size: number;
  readonly fit: DecodeOptions['fit'];
  readonly filter: DecodeOptions['filter'];
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

/** A worker's last word where it cannot do its work. */
export interface WorkerStop {
  readonly stop: ErrorFields;
}

/** What is kept of an error's cause. */
interface SentCause {
  readonly message: string;
  /** The system's, `ENOSPC` say. */
  readonly code: unknown;
  readonly cause: SentCause | undefined;
}

/** An error as it goes from thread to thread, plain values: cloned as it is, it would come without its mark and its causes' codes. */
export function errorFields({ code, where, expected, got, hint, details, cause }: UniecsError): ErrorFields {
  return { code, where, expected, got, hint, details, cause: sentCause(cause) };
}

/** The error again. */
export function errorOf({ cause, ...fields }: ErrorFields): UniecsError {
  return new UniecsError({ ...fields, cause: causeOf(cause as SentCause | undefined) });
}

function sentCause(cause: unknown): SentCause | undefined {
  if (!(cause instanceof Error)) return undefined;
  return { message: cause.message, code: 'code' in cause ? cause.code : undefined, cause: sentCause(cause.cause) };
}

function causeOf(sent: SentCause | undefined): Error | undefined {
  return sent && Object.assign(new Error(sent.message, { cause: causeOf(sent.cause) }), { code: sent.code });
}
