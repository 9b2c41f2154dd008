import { UniecsError } from '@uniecs/tensor';

/** Refuses a number that is not finite and above zero, or below `minimum` where one is given. */
export function checkPositive(where: string, name: string, value: number, minimum?: number): void {
  if (Number.isFinite(value) && value > 0 && (minimum === undefined || value >= minimum)) return;
  throw badOption(where, name, minimum === undefined ? 'a number above 0' : `a number of at least ${minimum}`, value);
}

/** Refuses a number that is not finite. */
export function checkFinite(where: string, name: string, value: number): void {
  if (!Number.isFinite(value)) throw badOption(where, name, 'a finite number', value);
}

/** Refuses what is not an integer of at least `minimum`. */
export function checkCount(where: string, name: string, value: number, minimum: number): void {
  if (!Number.isInteger(value) || value < minimum) {
    throw badOption(where, name, `an integer of at least ${minimum}`, value);
  }
}

/** Refuses a value that is not one of `choices`. */
export function checkChoice(where: string, name: string, value: string, choices: readonly string[]): void {
  if (!choices.includes(value)) throw badOption(where, name, choices.map((c) => `'${c}'`).join(' or '), value);
}

/** Refuses a list that is empty, or holds what is not one of `choices` or the same twice. */
export function checkChoices(where: string, name: string, values: readonly string[], choices: readonly string[]): void {
  const wrong = values.find((value, i) => !choices.includes(value) || values.indexOf(value) !== i);
  if (values.length > 0 && wrong === undefined) return;
  const expected = `one or more of ${choices.map((c) => `'${c}'`).join(', ')}, each once`;
  throw badOption(where, name, expected, wrong ?? 'none');
}

function badOption(where: string, name: string, expected: string, value: unknown): UniecsError {
  return new UniecsError({
    code: 'argument',
    where,
    expected: `${name} to be ${expected}`,
    got: typeof value === 'string' ? `'${value}'` : String(value),
    hint: `correct the option ${name}`,
    details: { option: name, value },
  });
}
