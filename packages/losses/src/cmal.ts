import { type PmlOptions, pml } from './pml.js';
import type { LossTerm } from './term.js';
import { type V2tOptions, v2t } from './v2t.js';

export { type PmlOptions, pml } from './pml.js';
export type { ItemRepresentations, PairRepresentations } from './representations.js';
export { type LearnedTemperature, learnedTemperature, type Temperature } from './temperature.js';
export type { LossTerm, NearestCount, TermValue } from './term.js';
export { type V2tOptions, v2t } from './v2t.js';

/** Cross-modal alignment, Eq. 10: the terms V2T and PML. */
export function cmal(options: { readonly v2t?: V2tOptions; readonly pml?: PmlOptions } = {}): LossTerm[] {
  return [v2t(options.v2t), pml(options.pml)];
}
