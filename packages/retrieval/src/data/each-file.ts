import { readContent } from '@uniecs/tensor/node';

/** Files that are read at a time. */
const readAtATime = 32;

/**
 * Reads files, some at a time, and hands each over in the order of the paths: its content, or why there is none.
 *
 * @param take called for one file after the other
 */
export async function eachFile(
  paths: readonly string[],
  take: (
    path: string,
    file: { readonly content: Buffer } | { readonly content?: undefined; readonly cause: unknown },
  ) => void,
): Promise<void> {
  for (let i = 0; i < paths.length; i += readAtATime) {
    const some = paths.slice(i, i + readAtATime);
    const read = (path: string) =>
      readContent(path).then(
        (content) => ({ content }),
        (cause: unknown) => ({ cause }),
      );
    const files = await Promise.all(some.map(read));
    files.forEach((file, k) => void take(some[k] as string, file));
  }
}
