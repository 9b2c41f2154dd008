import { UniecsError } from '@uniecs/tensor';

/** Refuses an option for which `fits` is false. */
export function checkOption(fits: boolean, where: string, expected: string, got: unknown): void {
  if (fits) return;
  throw new UniecsError({
    code: 'argument',
    where,
    expected,
    got: Array.isArray(got) ? `[${got.join(', ')}]` : String(got),
    hint: 'correct this option',
    details: { got },
  });
}

/** Refuses a number of terms that is no positive integer. */
export function checkTerms(where: string, terms: number): void {
  checkOption(Number.isInteger(terms) && terms > 0, where, 'terms to be an integer above 0', terms);
}
