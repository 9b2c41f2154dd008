import { type T2tOptions, t2t } from './t2t.js';
import type { LossTerm } from './term.js';
import { type V2vOptions, v2v } from './v2v.js';

export type { HardNegatives } from './nearest.js';
export type { ItemRepresentations, PairRepresentations } from './representations.js';
export { type T2tOptions, t2t } from './t2t.js';
export { type LearnedTemperature, learnedTemperature, type Temperature } from './temperature.js';
export type { LossTerm, NearestCount, TermValue } from './term.js';
export { type V2vOptions, v2v } from './v2v.js';

/** Intra-modal contrast, Eq. 18: the terms V2V and T2T. */
export function imcl(options: { readonly v2v?: V2vOptions; readonly t2t?: T2tOptions } = {}): LossTerm[] {
  return [v2v(options.v2v), t2t(options.t2t)];
}
