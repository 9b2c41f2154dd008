import { type PdcOptions, pdc } from './pdc.js';
import { type PlcOptions, plc } from './plc.js';
import type { LossTerm } from './term.js';

export { type PdcOptions, pdc } from './pdc.js';
export { type PlcOptions, plc } from './plc.js';
export type { ItemRepresentations, PairRepresentations } from './representations.js';
export type { LossTerm, NearestCount, TermValue } from './term.js';

/** Cohesive local alignment, Eq. 13: the terms PDC and PLC. */
export function clal(options: { readonly pdc?: PdcOptions; readonly plc?: PlcOptions } = {}): LossTerm[] {
  return [pdc(options.pdc), plc(options.plc)];
}
