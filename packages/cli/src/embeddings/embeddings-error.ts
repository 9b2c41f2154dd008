import { UniecsError } from '@uniecs/tensor';

const where = 'readEmbeddings';

/** The error for a file of embeddings that says something else than it should. */
export function badEmbeddings(expected: string, got: string, hint: string): UniecsError {
  return new UniecsError({ code: 'data', where, expected, got, hint });
}

/** The error for a file that cannot be read, or is damaged. */
export function unreadable(path: string, kind: string, cause: unknown): UniecsError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new UniecsError({
    code: 'file',
    where,
    expected: `${path} to be a whole ${kind} file`,
    got: reason,
    hint: 'check the path, and whether it was written to the end',
    details: { path, reason },
    cause,
  });
}
