import { type ErrorCode, UniecsError } from '@uniecs/tensor';

/** An error about a checkpoint: what was expected of which file, what is there instead, and what to do. */
export function checkpointError(
  code: ErrorCode,
  path: string,
  { expected, got, hint, details = {}, cause }: CheckpointFault,
): UniecsError {
  return new UniecsError({ code, where: 'pretrained', expected, got, hint, details: { path, ...details }, cause });
}

/** The parts of a `checkpointError`. */
export interface CheckpointFault {
  readonly expected: string;
  readonly got: string;
  readonly hint: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}
