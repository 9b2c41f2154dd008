import { UniecsError } from '@uniecs/tensor';

/** Short names for parts of the model. */
const shorthands: Readonly<Record<string, readonly string[]>> = { encoders: ['image_encoder', 'text_encoder'] };

/**
 * The parameters that a pattern means. A pattern is the dotted name of a parameter or of a module, which stands for all
 * parameters in it; `*` stands for any characters, dots included; `encoders` for `image_encoder` and `text_encoder`.
 *
 * @throws UniecsError `argument` for a pattern that means none, naming the nearest names
 */
export function namesMatching(pattern: string, names: readonly string[], where: string): string[] {
  const tests = (shorthands[pattern] ?? [pattern]).map(
    (each) => new RegExp(`^${each.split('*').map(escaped).join('.*')}(\\.|$)`),
  );
  const found = names.filter((name) => tests.some((test) => test.test(name)));
  if (found.length > 0) return found;
  throw new UniecsError({
    code: 'argument',
    where,
    expected: 'a pattern that means a parameter of the model or of a loss term',
    got: `'${pattern}'`,
    hint: `the nearest are ${nearest(pattern, names).join(', ')}`,
    details: { pattern },
  });
}

function escaped(text: string): string {
  return text.replace(/[.+?^${}()|[\]\\]/g, '\\$&');
}

/** Modules and parameters that share the longest beginning with the pattern, the shortest names first; at most three. */
function nearest(pattern: string, names: readonly string[]): string[] {
  const known = new Set<string>();
  for (const name of names) {
    const parts = name.split('.');
    for (let length = 1; length <= parts.length; length++) known.add(parts.slice(0, length).join('.'));
  }
  const shared = (name: string) => {
    let length = 0;
    while (length < name.length && name[length] === pattern[length]) length += 1;
    return length;
  };
  return [...known].sort((a, b) => shared(b) - shared(a) || a.length - b.length).slice(0, 3);
}
