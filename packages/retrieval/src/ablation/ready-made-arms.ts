import { canonicalJson } from '../files/canonical-json.js';
import { configOfSettings } from '../training/train.js';
import { type GivenSettings, presetWeighting, trainSettings, unbindingSettings } from '../training/train-settings.js';
import { type Arm, mergedSettings } from './grid.js';

/** The arm that changes nothing. */
export const fullArm: Arm = { name: 'full', settings: {} };

/** An arm that leaves out loss terms or groups, beside those that the base leaves out: `without CMAL`. */
export function dropArm(names: readonly string[], base: GivenSettings = {}): Arm {
  const drop = [...new Set([...trainSettings(base).drop, ...names])];
  return { name: `without ${names.join(' and ')}`, settings: { drop } };
}

/** With or without the gates (Eq. 3 and 4). */
export function gatingArm(gating: boolean): Arm {
  return { name: gating ? 'with gating' : 'without gating', settings: { fusion: { gating } } };
}

/** What the fusion network is given (Eq. 6): the concatenation, or two tokens. */
export function fusionInputArm(fusionInput: 'concat' | 'tokens'): Arm {
  return { name: `fusion input ${fusionInput}`, settings: { fusion: { fusionInput } } };
}

/** Where the cross layers normalise (Eq. 2): after, as printed, or before. */
export function normArm(norm: 'post' | 'pre'): Arm {
  return { name: `${norm}-norm`, settings: { fusion: { norm } } };
}

/** A beta of the adaptive weighting (Eq. 19), the rest of the weighting as the preset has it: 0 keeps the weights as they start. */
export function betaArm(beta: number): Arm {
  return { name: `beta ${beta}`, settings: { weighting: { beta } } };
}

/** How the terms are weighted: `adaptive` with beta 0.5, `fixed` at the weights that the preset starts with, `uniform` at 1 each. */
export function weightingArm(kind: 'adaptive' | 'fixed' | 'uniform'): Arm {
  const weighting = { adaptive: { beta: 0.5 }, fixed: { beta: 0 }, uniform: { beta: 0, weights: {} } }[kind];
  return { name: `${kind} weighting`, settings: { weighting } };
}

/** Table 4: the full model, without CMAL, CLAL and IMCL, and without gating. */
export function table4Arms(base: GivenSettings = {}): Arm[] {
  return [fullArm, ...['CMAL', 'CLAL', 'IMCL'].map((group) => dropArm([group], base)), gatingArm(false)];
}

/** The values of beta in Figure 6: from 0, its baseline, to 1. Which points the paper has is not said. */
export const figure6Betas: readonly number[] = [0, 0.1, 0.25, 0.5, 0.75, 1];

/** Figure 6: an arm for each of `figure6Betas`. */
export function figure6Arms(): Arm[] {
  return figure6Betas.map(betaArm);
}

/** Whether an arm trains what the base trains: it asks for what the base has anyway. */
export function changesNothing(base: GivenSettings, { settings }: Arm): boolean {
  return effectOf(base) === effectOf(mergedSettings(base, settings));
}

/** What of settings has an effect, with the preset's choices filled in. */
function effectOf(given: GivenSettings): string {
  const settings = trainSettings(given);
  const binding = Object.entries(settings).filter(([name]) => !unbindingSettings.has(name));
  return canonicalJson({
    ...Object.fromEntries(binding),
    fusion: configOfSettings(settings, 1).fusion,
    weighting: presetWeighting(settings),
    drop: [...settings.drop].sort(),
  });
}
