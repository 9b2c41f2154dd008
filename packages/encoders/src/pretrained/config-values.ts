import { checkpointError } from './checkpoint-error.js';

/** Numbers and names of a checkpoint's configuration, which may hold anything. */
export interface ConfigValues {
  /** A whole number from 1 to `most` (default 1,000,000), or the default. */
  whole(name: string, fallback: number, most?: number): number;
  /** A finite number from 0 on, or the default. */
  number(name: string, fallback: number): number;
  text(name: string, fallback: string): string;
  flag(name: string, fallback: boolean): boolean;
}

/**
 * Reads the values of a configuration; `null` is as if it were left out.
 *
 * @param path the file, for errors
 * @throws UniecsError `data` (from the functions) for a value of another kind
 */
export function configValues(config: Readonly<Record<string, unknown>>, path: string): ConfigValues {
  function read<T>(name: string, fallback: T, fits: (value: unknown) => boolean, expected: string): T {
    const value = Object.hasOwn(config, name) ? config[name] : undefined;
    if (value === undefined || value === null) return fallback;
    if (fits(value)) return value as T;
    throw checkpointError('data', path, {
      expected: `${name} of ${path} to be ${expected}`,
      got: JSON.stringify(value)?.slice(0, 80) ?? typeof value,
      hint: 'correct the file, or download it again',
      details: { name },
    });
  }
  return {
    whole: (name, fallback, most = 1e6) =>
      read(
        name,
        fallback,
        (value) => Number.isSafeInteger(value) && (value as number) >= 1 && (value as number) <= most,
        `a whole number from 1 to ${most}`,
      ),
    number: (name, fallback) =>
      read(name, fallback, (value) => Number.isFinite(value) && (value as number) >= 0, 'a number from 0'),
    text: (name, fallback) => read(name, fallback, (value) => typeof value === 'string', 'a text'),
    flag: (name, fallback) => read(name, fallback, (value) => typeof value === 'boolean', 'true or false'),
  };
}
