import { UniecsError } from '@uniecs/tensor';
import { namesMatching } from './name-patterns.js';

/** Which parameters are trained, and how fast. */
export interface ParameterGroups {
  /** Names of the parameters that stay as they are. */
  readonly frozen: ReadonlySet<string>;
  /** The factor of the learning rate of each parameter that is trained, by name. */
  readonly factors: ReadonlyMap<string, number>;
}

/**
 * Sorts parameters by the settings' patterns (see `namesMatching`). Where several patterns of `learningRateFactors` mean a
 * parameter, the last one counts; a parameter that none means has the factor 1.
 *
 * @throws UniecsError `argument` for a pattern that means no parameter, for factors of frozen parameters alone, or where all are frozen
 */
export function parameterGroups(
  names: readonly string[],
  freeze: readonly string[],
  learningRateFactors: Readonly<Record<string, number>>,
): ParameterGroups {
  const frozen = new Set(freeze.flatMap((pattern) => namesMatching(pattern, names, 'freeze')));
  const trained = names.filter((name) => !frozen.has(name));
  if (trained.length === 0) {
    throw new UniecsError({
      code: 'argument',
      where: 'freeze',
      expected: 'at least one parameter to train',
      got: `all ${names.length} frozen by ${freeze.join(', ')}`,
      hint: 'freeze fewer',
    });
  }
  const factors = new Map(trained.map((name) => [name, 1]));
  for (const [pattern, factor] of Object.entries(learningRateFactors)) {
    const meant = namesMatching(pattern, names, 'learningRateFactors').filter((name) => !frozen.has(name));
    if (meant.length === 0) {
      throw new UniecsError({
        code: 'argument',
        where: 'learningRateFactors',
        expected: 'a pattern that means a parameter that is trained',
        got: `'${pattern}', all of which is frozen`,
        hint: 'leave it out, or freeze less',
      });
    }
    for (const name of meant) factors.set(name, factor);
  }
  return { frozen, factors };
}
