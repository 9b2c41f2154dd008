import { UniecsError } from '@uniecs/tensor';

/** The UniecsError that a promise fails with. */
export async function failure(promise: Promise<unknown>): Promise<UniecsError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (UniecsError.isInstance(error)) return error;
  throw new Error(`expected a UniecsError, got ${error instanceof Error ? error.stack : error}`);
}
