import { type Pair, type SingleModality, withNoisyModality, withoutModality } from '@uniecs/mbeer';

/** Shares of the products that lack a modality, or have a wrong one. */
export const shares: readonly number[] = [0, 0.25, 0.5, 0.75, 1];

/** Pairs that are made worse in one way. */
export interface Condition {
  /** `missing`: without the modality; `noisy`: with that of another product. */
  readonly kind: 'missing' | 'noisy';
  readonly modality: SingleModality;
  readonly share: number;
  /** What became of the products. */
  readonly counts: Readonly<Record<string, number>>;
}

/** A condition with its pairs. */
export interface ConditionPairs {
  readonly condition: Condition;
  readonly pairs: readonly Pair[];
}

/** All conditions of one way: a curve. */
export type ConditionGroup = readonly ConditionPairs[];

/**
 * Four ways to make pairs worse, each over the shares: without images, without titles, with others' images, with others' titles. Products
 * of both sides are drawn, those of a smaller share among those of a larger.
 */
export function conditionGroups(pairs: readonly Pair[], seed: number): ConditionGroup[] {
  return (['missing', 'noisy'] as const).flatMap((kind) =>
    (['image', 'text'] as const).map((modality) =>
      shares.map((share) => {
        const worsen = kind === 'missing' ? withoutModality : withNoisyModality;
        const made = worsen(pairs, { modality, share, seed });
        return { condition: { kind, modality, share, counts: { ...made.counts } }, pairs: made.pairs };
      }),
    ),
  );
}
