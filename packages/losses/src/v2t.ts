import * as tf from '@tensorflow/tfjs-core';
import { averageOfParts } from './anchor-values.js';
import { checkChoice } from './check-option.js';
import { contrast } from './contrast.js';
import { falseNegatives } from './false-negatives.js';
import { checkRepresentations, type ItemRepresentations, side } from './representations.js';
import { resolveTemperature, type Temperature, temperatureModule } from './temperature.js';
import type { LossTerm } from './term.js';

/** Options of `v2t`. */
export interface V2tOptions {
  /** tau; default 0.07 */
  readonly temperature?: Temperature;
  /**
   * `within` (default, as printed): image and title of the same item, for item 1 and item 2, averaged.
   * `across`: the image of item 1 against the title of item 2 (authors' code). `both`: all three, averaged.
   */
  readonly pairing?: 'within' | 'across' | 'both';
  /** the mean of both directions, image to text and text to image (authors' code); default false, as printed */
  readonly symmetric?: boolean;
  /** leave candidates of a shared product out of the denominators; default false */
  readonly maskFalseNegatives?: boolean;
}

/**
 * Visual-textual contrastive loss, Eq. 8: `-1/N sum_i log( exp(v_i t_i / tau) / sum_j exp(v_i t_j / tau) )`.
 * The equation names neither item of the pair: the default averages it over both, each anchor counting once.
 * Throws `UniecsError` with code `argument` for a bad option; `compute` with code `shape`.
 */
export function v2t(options: V2tOptions = {}): LossTerm {
  const { pairing = 'within', symmetric = false, maskFalseNegatives = false } = options;
  checkChoice('v2t', 'pairing', pairing, ['within', 'across', 'both']);
  const temperature = resolveTemperature(options.temperature ?? 0.07, 'v2t');
  return {
    name: 'V2T',
    group: 'CMAL',
    ...temperatureModule(temperature),
    compute: (r) =>
      tf.tidy(() => {
        checkRepresentations(r, 'V2T');
        const part = (images: ItemRepresentations, titles: ItemRepresentations) =>
          contrast(side(images, 'image'), side(titles, 'text'), {
            temperature,
            symmetric,
            dropped: maskFalseNegatives ? falseNegatives(images, titles) : undefined,
          });
        const within = pairing === 'across' ? [] : [part(r.item1, r.item1), part(r.item2, r.item2)];
        const across = pairing === 'within' ? [] : [part(r.item1, r.item2)];
        return averageOfParts([...within, ...across]);
      }),
  };
}
