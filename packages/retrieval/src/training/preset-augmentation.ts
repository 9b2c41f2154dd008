import type { AugmentOptions } from '@uniecs/encoders/node';
import type { PresetName } from '../model/model-config.js';
import type { TrainSettings } from './train-settings.js';

/** What `augmentImage` does by default: the kinds that the paper names (4.1), at strengths of ours. */
const paperAugmentation: AugmentOptions = {};

/**
 * A fifth as strong, and never mirrored: partners of a pair look alike place by place, and what a crop, a flip or a jitter takes from
 * that costs a short training more than it gives (`docs/STUDY.md`).
 */
const recommendedAugmentation: AugmentOptions = {
  area: [0.85, 1],
  aspect: [1 / 1.1, 1.1],
  flip: 0,
  brightness: 0.05,
  contrast: 0.05,
  saturation: 0.05,
};

const presets: Readonly<Record<PresetName, AugmentOptions>> = {
  paper: paperAugmentation,
  recommended: recommendedAugmentation,
};

/** The preset's augmentation with the settings' changes; false for none. */
export function presetAugmentation({
  preset,
  augmentation,
}: Pick<TrainSettings, 'preset' | 'augmentation'>): AugmentOptions | false {
  return augmentation === false ? false : { ...presets[preset], ...augmentation };
}
