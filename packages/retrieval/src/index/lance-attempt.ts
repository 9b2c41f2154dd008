import { UniecsError } from '@uniecs/tensor';

/**
 * Runs calls of LanceDB, whose own errors become UniecsError `file`.
 *
 * @param where the public function that is running
 */
export async function attempt<T>(where: string, folder: string, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (cause) {
    if (UniecsError.isInstance(cause)) throw cause;
    throw new UniecsError({
      code: 'file',
      where,
      expected: `LanceDB to do this in ${folder}`,
      got: cause instanceof Error ? cause.message : String(cause),
      hint: 'check free space and permissions, and that no other process overwrites the index',
      details: { path: folder },
      cause,
    });
  }
}
