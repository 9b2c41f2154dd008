import { createRequire } from 'node:module';

interface Manifest {
  readonly version: string;
  readonly engines: { readonly node: string };
}

/** The version of this package, and the Node versions that it runs on. */
export const { version, engines }: Manifest = createRequire(import.meta.url)('../package.json');
