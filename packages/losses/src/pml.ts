import * as tf from '@tensorflow/tfjs-core';
import { type AnchorValues, sumOfParts } from './anchor-values.js';
import { candidateMask, countDropped, diagonal } from './candidates.js';
import { checkChoice, checkFinite } from './check-option.js';
import { contrast } from './contrast.js';
import { falseNegatives } from './false-negatives.js';
import { hinge } from './hinge.js';
import { checkRepresentations, type Side, side, similarity, type View } from './representations.js';
import { resolveTemperature, type Temperature, temperatureModule } from './temperature.js';
import type { LossTerm } from './term.js';

/** Options of `pml`. */
export interface PmlOptions {
  /** tau of `kind: 'infoNCE'`; default 0.07 */
  readonly temperature?: Temperature;
  /** add f1 against v2 and f1 against t2 (authors' code); default false, as printed */
  readonly symmetric?: boolean;
  /** `infoNCE` (default, as printed) or `hinge` (authors' code) */
  readonly kind?: 'infoNCE' | 'hinge';
  /** margin of `kind: 'hinge'`; default 0.2 */
  readonly alpha1?: number;
  /** leave candidates of a shared product out of the denominators or hinges; default false */
  readonly maskFalseNegatives?: boolean;
}

const printed: readonly (readonly [View, View])[] = [
  ['fused', 'fused'],
  ['image', 'fused'],
  ['text', 'fused'],
];
const mirrored: readonly (readonly [View, View])[] = [
  ['fused', 'image'],
  ['fused', 'text'],
];

/**
 * Product matching loss, Eq. 9: the sum of three InfoNCE, f1 against f2, v1 against f2 and t1 against f2, each averaged
 * over its own valid anchors. The sums in the denominators run over the candidates j (as printed, two run over i).
 * `kind: 'hinge'` replaces each InfoNCE by the mean over j other than i of `max(0, alpha1 + S_ij - S_ii)`, which is what
 * the paper's otherwise unused alpha1 belongs to. Differs from the paper only where an option says so.
 * Throws `UniecsError` with code `argument` for a bad option; `compute` with code `shape`.
 */
export function pml(options: PmlOptions = {}): LossTerm {
  const { symmetric = false, kind = 'infoNCE', alpha1 = 0.2, maskFalseNegatives = false } = options;
  checkChoice('pml', 'kind', kind, ['infoNCE', 'hinge']);
  checkFinite('pml', 'alpha1', alpha1);
  // A hinge has no temperature: none is made that nothing would train.
  const temperature = kind === 'hinge' ? 1 : resolveTemperature(options.temperature ?? 0.07, 'pml');
  const views = symmetric ? [...printed, ...mirrored] : printed;
  return {
    name: 'PML',
    group: 'CMAL',
    ...temperatureModule(temperature),
    compute: (r) =>
      tf.tidy(() => {
        checkRepresentations(r, 'PML');
        const dropped = maskFalseNegatives ? falseNegatives(r.item1, r.item2) : undefined;
        const parts = views.map(([queryView, candidateView]) => {
          const query = side(r.item1, queryView);
          const candidate = side(r.item2, candidateView);
          const part =
            kind === 'hinge'
              ? hingePart(query, candidate, alpha1, dropped)
              : contrast(query, candidate, { temperature, symmetric: false, dropped });
          return { ...part, reduction: 'mean' as const };
        });
        return sumOfParts(parts);
      }),
  };
}

function hingePart(query: Side, candidate: Side, margin: number, dropped: tf.Tensor2D | undefined): AnchorValues {
  const s = similarity(query.vectors, candidate.vectors);
  const anchors = tf.mul(query.valid, candidate.valid) as tf.Tensor1D;
  const candidates = candidateMask(candidate.valid, { dropped, excludeDiagonal: true });
  return {
    ...hinge({ similarity: s, positive: diagonal(s), margin, anchors, candidates, over: 'mean' }),
    maskedNegatives: countDropped(anchors, candidate.valid, dropped),
  };
}
