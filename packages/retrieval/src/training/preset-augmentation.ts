import type { AugmentOptions } from '@uniecs/encoders/node';
import type { TrainSettings } from './train-settings.js';

/** Images as they are. */
const none = { area: [1, 1], aspect: [1, 1], flip: 0, brightness: 0, contrast: 0, saturation: 0 } as const;

/**
 * How training images are changed, with the settings' changes: by the preset `paper` as `augmentImage` does by default (the kinds that
 * the paper names in 4.1, at strengths of ours), by `recommended` not at all. False for not at all.
 *
 * Differs from the paper in `recommended`: partners of a pair look alike place by place, and what crops and flips take from that costs
 * a training of ten epochs more than it gives (`docs/STUDY.md`). A longer one may want some.
 */
export function presetAugmentation({
  preset,
  augmentation,
}: Pick<TrainSettings, 'preset' | 'augmentation'>): AugmentOptions | false {
  if (augmentation === false) return false;
  if (preset === 'paper') return augmentation;
  return Object.keys(augmentation).length === 0 ? false : { ...none, ...augmentation };
}
