import type { PresetName } from '../model/model-config.js';

/**
 * Which revision of a preset this version trains with: raised whenever what the preset stands for changes (fusion, losses, weights,
 * augmentation, first weights), so that finished results of the one before are not taken for those of this one.
 */
export const presetRevisions: Readonly<Record<PresetName, number>> = { paper: 1, recommended: 2 };

/** The part of a fingerprint that tells a preset's revisions apart; nothing for the first one. */
export function presetMark(preset: PresetName): { readonly revision?: number } {
  const revision = presetRevisions[preset];
  return revision > 1 ? { revision } : {};
}
