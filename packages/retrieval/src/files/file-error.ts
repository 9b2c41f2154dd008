import { UniecsError } from '@uniecs/tensor';

/** What the system refused. */
export interface Refusal {
  readonly where: string;
  /** What was to be done, as in `to read`. */
  readonly action: string;
  readonly path: string;
  readonly hint: string;
  readonly cause: unknown;
}

/** The error for a file or folder that the system refuses: code `file`, with the path and the system's reason. */
export function fileError({ where, action, path, hint, cause }: Refusal): UniecsError {
  const got = cause instanceof Error ? cause.message : String(cause);
  return new UniecsError({ code: 'file', where, expected: `${action} ${path}`, got, hint, details: { path }, cause });
}
