const marker = Symbol.for('uniecs.error');

/**
 * What went wrong, for callers that branch on it: `argument` (a bad option), `shape`, `data` (bad content of a user's data),
 * `file` (missing, damaged or unwritable), `numeric` (NaN or Inf), `unsupported`, `unavailable` (a device or an optional
 * package that is not there), `interrupted`.
 */
export type ErrorCode =
  | 'argument'
  | 'shape'
  | 'data'
  | 'file'
  | 'numeric'
  | 'unsupported'
  | 'unavailable'
  | 'interrupted';

/** The parts of the sentence `where: expected …, got …; hint`, and what else a program may want to read. */
export interface ErrorFields {
  readonly code: ErrorCode;
  readonly where: string;
  readonly expected: string;
  readonly got: string;
  readonly hint: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** The one error class of all UniECS packages: structured fields and a sentence that says what to do. */
export class UniecsError extends Error {
  readonly [marker] = true;
  override readonly name = 'UniecsError';
  readonly code: ErrorCode;
  readonly where: string;
  readonly expected: string;
  readonly got: string;
  readonly hint: string;
  readonly details: Readonly<Record<string, unknown>>;

  constructor({ code, where, expected, got, hint, details = {}, cause }: ErrorFields) {
    super(`${where}: expected ${expected}, got ${got}; ${hint}`, cause === undefined ? {} : { cause });
    this.code = code;
    this.where = where;
    this.expected = expected;
    this.got = got;
    this.hint = hint;
    this.details = details;
  }

  /** Whether `error` is a UniecsError, also one of another copy of this package. */
  static isInstance(error: unknown): error is UniecsError {
    return typeof error === 'object' && error !== null && (error as Record<symbol, unknown>)[marker] === true;
  }
}
