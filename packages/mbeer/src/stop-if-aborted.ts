import { UniecsError } from '@uniecs/tensor';

/** What was stopped, for its error. */
export interface StoppedWork {
  readonly where: string;
  /** What the work was to do, `to ...`. */
  readonly expected: string;
  /** Default `the signal to stop`. */
  readonly got?: string;
  /** Default `run it again`. */
  readonly hint?: string;
}

/**
 * Ends work whose signal has fired.
 *
 * @throws UniecsError `interrupted`, with the signal's reason as its cause
 */
export function stopIfAborted(
  signal: AbortSignal | undefined,
  { where, expected, got = 'the signal to stop', hint = 'run it again' }: StoppedWork,
): void {
  if (!signal?.aborted) return;
  throw new UniecsError({ code: 'interrupted', where, expected, got, hint, cause: signal.reason });
}
