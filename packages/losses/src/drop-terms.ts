import { UniecsError } from '@uniecs/tensor';
import type { LossTerm } from './term.js';

/**
 * An ablation: the terms without those whose name or group is listed (`['CMAL']`, `['PLC', 'T2T']`).
 * Throws `UniecsError` with code `argument` for a name that no term or group has, and when nothing would be left.
 */
export function dropTerms(terms: readonly LossTerm[], names: readonly string[]): LossTerm[] {
  const known = [...new Set(terms.flatMap((term) => [term.name, term.group]))];
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new UniecsError({
      code: 'argument',
      where: 'dropTerms',
      expected: 'names of terms or groups',
      got: unknown.map((name) => `'${name}'`).join(', '),
      hint: `choose from ${known.join(', ')}`,
      details: { unknown, known },
    });
  }
  const left = terms.filter((term) => !names.includes(term.name) && !names.includes(term.group));
  if (left.length === 0) {
    throw new UniecsError({
      code: 'argument',
      where: 'dropTerms',
      expected: 'at least one term to be left',
      got: `all ${terms.length} dropped`,
      hint: 'name fewer terms or groups',
      details: { names },
    });
  }
  return left;
}
