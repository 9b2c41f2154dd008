/**
 * The built file of the catalogue's thread. Seen from a source file and from a built one, both a folder below the package's, it is in the
 * same place: Node runs no TypeScript, so tests use what is built.
 */
export const workerEntry: URL = new URL('../dist/catalogue-worker.js', import.meta.url);
