/**
 * The built file of the image worker. Seen from a source file and from a built one, both a folder below the package's, it is in the same
 * place: Node runs no TypeScript, so tests use what is built.
 */
export const workerEntry: URL = new URL('../dist/image-worker.js', import.meta.url);
