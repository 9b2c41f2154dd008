import { UniecsError } from '@uniecs/tensor';

/** The mark of an index on disk. */
export const indexFormat = 'uniecs-index';
/** The version of the layout on disk that is written, and the latest that is read. */
export const indexFormatVersion = 1;

/**
 * Checks the marks of something on disk that should be an index.
 *
 * @throws UniecsError `file` where it is none, `unsupported` where a later version wrote it
 */
export function requireFormat(path: string, format: unknown, version: unknown): void {
  if (format !== indexFormat) {
    throw new UniecsError({
      code: 'file',
      where: 'openIndex',
      expected: `an index in ${path}`,
      got: 'something else',
      hint: 'build one with uniecs index (createIndex)',
      details: { path },
    });
  }
  if (Number(version) !== indexFormatVersion) {
    throw new UniecsError({
      code: 'unsupported',
      where: 'openIndex',
      expected: `an index of layout version ${indexFormatVersion} in ${path}`,
      got: `version ${version}`,
      hint: 'update uniecs, or build the index again',
      details: { path, version },
    });
  }
}
