import type { Options } from 'tsup';

/** Settings that every package's build shares: ESM, types, no splitting surprises, Node 20. */
export function library(entry: Record<string, string>, more: Options = {}): Options {
  return {
    entry,
    format: ['esm'],
    dts: true,
    sourcemap: true,
    clean: true,
    target: 'es2022',
    splitting: true,
    ...more,
  };
}
