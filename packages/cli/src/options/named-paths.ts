import { InvalidArgumentError } from 'commander';

/** A path with the name that it goes by. */
export interface NamedPath {
  readonly name: string;
  readonly path: string;
}

/**
 * A parser of `NAME=PATH` for an option that may be given several times.
 *
 * @param endings what the path must end in; default anything
 */
export function namedPaths(endings: readonly string[] = ['']): (text: string, before?: NamedPath[]) => NamedPath[] {
  return (text, before = []) => {
    const at = text.indexOf('=');
    const [name, path] = [text.slice(0, at).trim(), text.slice(at + 1).trim()];
    if (at < 0 || name === '' || path === '') throw new InvalidArgumentError('Expected NAME=PATH.');
    if (!endings.some((ending) => path.toLowerCase().endsWith(ending))) {
      throw new InvalidArgumentError(`Expected a file name that ends in ${endings.join(' or ')}.`);
    }
    return [...before, { name, path }];
  };
}
