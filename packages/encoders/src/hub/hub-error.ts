import { type ErrorFields, UniecsError } from '@uniecs/tensor';

/** An error about a repository of models. */
export function hubError(fields: Omit<ErrorFields, 'where'>): UniecsError {
  return new UniecsError({ where: 'fetchCheckpoint', ...fields });
}
