import { type Random, UniecsError } from '@uniecs/tensor';

/** Which candidates of a query may be its negatives, and how many of them are taken. */
export interface NegativeRules {
  /** Negatives of a query at most; default 3. */
  readonly count?: number;
  /** The best candidates that are passed over: false negatives are most often among them. Default 0. */
  readonly rangeMin?: number;
  /** Rank of the last candidate that is looked at; default 100. */
  readonly rangeMax?: number;
  /** Least score, inclusive; default none. */
  readonly minScore?: number;
  /** Largest score, inclusive; default none. */
  readonly maxScore?: number;
  /** How far below the partner's score p a negative's must be: `s <= p - absoluteMargin`; from 0, default none. */
  readonly absoluteMargin?: number;
  /** The same as a share of p: `s <= p - relativeMargin |p|`, which for p >= 0 is `p (1 - relativeMargin)`; 0 to 1, default none. */
  readonly relativeMargin?: number;
  /** `top`: the best of those; `random`: drawn from all of them, without replacement. Default `top`. */
  readonly sampling?: 'top' | 'random';
}

/** A candidate that a query may mistake for its partner. */
export interface RankedNegative {
  /** Its row among the candidates. */
  readonly row: number;
  /** Its score, the dot product. */
  readonly score: number;
  /** Its rank, from 1, among the candidates that are not of the query's own products; of equal scores the lower row comes first. */
  readonly rank: number;
}

/**
 * The negatives of one query by the rules, the best first.
 *
 * @param ranked the candidates by rank, from rank 1 to `rangeMax` at least
 * @param positiveScore the partner's score p
 * @param random a stream of the query's own; drawn from with `sampling: 'random'` alone
 */
export function eligibleNegatives(
  ranked: readonly RankedNegative[],
  positiveScore: number,
  rules: NegativeRules,
  random: Random,
): RankedNegative[] {
  const { count, rangeMin, rangeMax, sampling } = { ...ruleDefaults, ...rules };
  const { minScore = Number.NEGATIVE_INFINITY, maxScore = Number.POSITIVE_INFINITY } = rules;
  const most = Math.min(
    maxScore,
    positiveScore - (rules.absoluteMargin ?? Number.NEGATIVE_INFINITY),
    rules.relativeMargin === undefined
      ? Number.POSITIVE_INFINITY
      : positiveScore - rules.relativeMargin * Math.abs(positiveScore),
  );
  const eligible = ranked.filter(
    ({ rank, score }) => rank > rangeMin && rank <= rangeMax && score >= minScore && score <= most,
  );
  if (sampling === 'top' || eligible.length <= count) return eligible.slice(0, count);
  const drawn = random.permutation(eligible.length).subarray(0, count).sort();
  return Array.from(drawn, (i) => eligible[i] as RankedNegative);
}

/** What holds where a rule does not say. */
export const ruleDefaults = { count: 3, rangeMin: 0, rangeMax: 100, sampling: 'top' } as const;

/**
 * Throws where rules contradict themselves or each other.
 *
 * @throws UniecsError `argument`
 */
export function checkRules(rules: NegativeRules, where: string): void {
  const { count, rangeMin, rangeMax, sampling } = { ...ruleDefaults, ...rules };
  const check = (holds: boolean, expected: string, got: unknown) => {
    if (holds) return;
    throw new UniecsError({ code: 'argument', where, expected, got: String(got), hint: 'correct the rule' });
  };
  check(Number.isSafeInteger(count) && count >= 1, 'count to be a whole number from 1', count);
  check(Number.isSafeInteger(rangeMin) && rangeMin >= 0, 'rangeMin to be a whole number from 0', rangeMin);
  check(
    Number.isSafeInteger(rangeMax) && rangeMax > rangeMin,
    `rangeMax to be a whole number above rangeMin, ${rangeMin}`,
    rangeMax,
  );
  const { minScore = Number.NEGATIVE_INFINITY, maxScore = Number.POSITIVE_INFINITY } = rules;
  check(minScore <= maxScore, 'minScore to be at most maxScore', `${minScore} and ${maxScore}`);
  const { absoluteMargin = 0, relativeMargin = 0 } = rules;
  check(absoluteMargin >= 0, 'absoluteMargin to be a number from 0', absoluteMargin);
  check(relativeMargin >= 0 && relativeMargin <= 1, 'relativeMargin to be a number from 0 to 1', relativeMargin);
  check(sampling === 'top' || sampling === 'random', "sampling to be 'top' or 'random'", sampling);
}
