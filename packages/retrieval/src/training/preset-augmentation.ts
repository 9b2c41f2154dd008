import type { AugmentOptions } from '@uniecs/encoders/node';
import type { TrainSettings } from './train-settings.js';

/**
 * The preset `recommended`: crops of .85 of the area and more, colours within 5 %, no flip.
 *
 * Differs from the paper, which names crop, flip and colour jitter at strengths of its own: partners of a pair look alike place by place,
 * and what strong crops and flips take from that costs ten epochs more than it gives; with none the training pairs are known by heart
 * before the end (`docs/STUDY.md`).
 */
export const recommendedAugmentation = {
  area: [0.85, 1],
  aspect: [1 / 1.1, 1.1],
  flip: 0,
  brightness: 0.05,
  contrast: 0.05,
  saturation: 0.05,
} as const satisfies AugmentOptions;

/**
 * How training images are changed, with the settings' changes: by the preset `paper` as `augmentImage` does by default (the kinds that
 * the paper names in 4.1, at strengths of ours), by `recommended` lightly (`recommendedAugmentation`). False for not at all.
 */
export function presetAugmentation({
  preset,
  augmentation,
}: Pick<TrainSettings, 'preset' | 'augmentation'>): AugmentOptions | false {
  if (augmentation === false) return false;
  return preset === 'paper' ? augmentation : { ...recommendedAugmentation, ...augmentation };
}
