import { createRequire } from 'node:module';
import { UniecsError } from '@uniecs/tensor';

/** LanceDB and Arrow, loaded. */
export interface LanceLibrary {
  readonly lancedb: typeof import('@lancedb/lancedb');
  readonly arrow: typeof import('apache-arrow');
}

/**
 * Loads LanceDB, an optional peer dependency.
 *
 * @throws UniecsError `unavailable` saying what to install
 */
export async function loadLanceLibrary(): Promise<LanceLibrary> {
  try {
    const lancedb = await import('@lancedb/lancedb');
    // LanceDB tells some Arrow values by their class, so they must come from the very copy that it loads.
    const fromLanceDb = createRequire(createRequire(import.meta.url).resolve('@lancedb/lancedb'));
    return { lancedb, arrow: fromLanceDb('apache-arrow') };
  } catch (cause) {
    throw new UniecsError({
      code: 'unavailable',
      where: 'lancedb',
      expected: 'the packages @lancedb/lancedb and apache-arrow, which the lancedb store needs',
      got: cause instanceof Error ? (cause.message.split('\n')[0] as string) : String(cause),
      hint: 'npm install @lancedb/lancedb@0.37.1 apache-arrow@18.1.0, or use the store exact',
      cause,
    });
  }
}
