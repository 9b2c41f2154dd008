import { UniecsError } from '@uniecs/tensor';

/** Exit codes: a contract with scripts. */
export const exitCodes = { done: 0, failed: 1, badInput: 2, hungUp: 129, interrupted: 130, terminated: 143 } as const;

/** What the system could not do, whatever was asked of it; other file errors are about the file that was named. */
const systemFaults = new Set(['ENOSPC', 'EDQUOT', 'EIO', 'EMFILE', 'ENFILE', 'ENOMEM']);

/**
 * The exit code for an error: 2 where what the user gave is at fault (options, data, files, what this version does not have), 129, 130
 * or 143 for an interruption, else 1 (a NaN, a full disk, a run's folder that can no longer be written, a missing package, a bug).
 */
export function exitCodeOf(error: unknown, signal?: AbortSignal): number {
  if (!UniecsError.isInstance(error)) return exitCodes.failed;
  switch (error.code) {
    case 'argument':
    case 'shape':
    case 'data':
    case 'unsupported':
      return exitCodes.badInput;
    case 'file':
      return error.details.afterStart === true || systemFaults.has(systemCode(error) ?? '')
        ? exitCodes.failed
        : exitCodes.badInput;
    case 'interrupted':
      return interruptedCode(signal);
    default:
      return exitCodes.failed;
  }
}

/** An error of work that had started: a file that the system refuses then (`file`) is no longer the user's to correct, whatever the reason. */
export function afterStart(error: unknown): unknown {
  if (!UniecsError.isInstance(error) || error.code !== 'file') return error;
  const { code, where, expected, got, hint, details } = error;
  return new UniecsError({ code, where, expected, got, hint, details: { ...details, afterStart: true }, cause: error });
}

/** 143 where the signal to stop was SIGTERM, 129 where it was SIGHUP, else 130. */
export function interruptedCode(signal?: AbortSignal): number {
  if (signal?.reason === 'SIGTERM') return exitCodes.terminated;
  return signal?.reason === 'SIGHUP' ? exitCodes.hungUp : exitCodes.interrupted;
}

function systemCode(error: unknown): string | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    const code = (at as NodeJS.ErrnoException).code;
    if (code !== undefined && /^E[A-Z]+$/.test(code)) return code;
  }
  return undefined;
}
