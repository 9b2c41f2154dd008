import { clal } from './clal.js';
import { cmal } from './cmal.js';
import { imcl } from './imcl.js';
import { type NineTasksOptions, nineTasks } from './nine-tasks.js';
import type { PdcOptions } from './pdc.js';
import type { PlcOptions } from './plc.js';
import type { PmlOptions } from './pml.js';
import type { T2tOptions } from './t2t.js';
import type { LossTerm } from './term.js';
import type { V2tOptions } from './v2t.js';
import type { V2vOptions } from './v2v.js';

/** Options of all terms, one entry per term. The six of the paper are always there; `tasks` only where it is given. */
export interface LossOptions {
  readonly v2t?: V2tOptions;
  readonly pml?: PmlOptions;
  readonly pdc?: PdcOptions;
  readonly plc?: PlcOptions;
  readonly v2v?: V2vOptions;
  readonly t2t?: T2tOptions;
  readonly tasks?: NineTasksOptions;
}

/** The literal paper: Eq. 7 to 18 as printed, with the sums over i of Eq. 12 and 16. */
export const paperLossOptions: LossOptions = {
  v2t: { temperature: 0.07, pairing: 'within', symmetric: false },
  pml: { temperature: 0.07, kind: 'infoNCE', symmetric: false },
  pdc: { alpha2: 0.1, positives: 'pair', reduction: 'sum', excludeDiagonal: false },
  plc: { alpha3: 0.05, k: 10, reduction: 'sum' },
  v2v: { temperature: 0.07, alpha4: 0.2, hardNegatives: { share: 0.5 }, reduction: 'sum' },
  t2t: { temperature: 0.03 },
};

/**
 * All nine tasks beside the six terms, both directions, means instead of sums. In short runs on real pairs the nine tasks alone trained
 * better than the six, and better than both at equal weights (`docs/STUDY.md`): the weights that go with this table are
 * `recommendedTermWeights`.
 */
export const recommendedLossOptions: LossOptions = {
  v2t: { temperature: 0.07, pairing: 'both', symmetric: true },
  pml: { temperature: 0.07, kind: 'infoNCE', symmetric: true },
  pdc: { reduction: 'mean' },
  plc: {},
  v2v: {},
  t2t: {},
  tasks: { temperature: { learnedFrom: 0.07 }, symmetric: true },
};

/** Weights by term that the terms of `recommended` start with: the nine tasks lead. */
export const recommendedTermWeights: Readonly<Record<string, number>> = {
  V2T: 0.1,
  PML: 0.1,
  PDC: 0.1,
  PLC: 0.1,
  V2V: 0.1,
  T2T: 0.1,
  TASKS: 1,
};

/** The terms for a table of options, in the order V2T, PML, PDC, PLC, V2V, T2T and, where given, TASKS. */
export function lossTerms(options: LossOptions = {}): LossTerm[] {
  const tasks = options.tasks ? [nineTasks(options.tasks)] : [];
  return [...cmal(options), ...clal(options), ...imcl(options), ...tasks];
}

/** The terms of the preset `paper`; `changes` replaces single options of single terms. */
export function paperLosses(changes: LossOptions = {}): LossTerm[] {
  return lossTerms(changed(paperLossOptions, changes));
}

/** The terms of the preset `recommended`, learned temperatures made anew; `changes` replaces single options. */
export function recommendedLosses(changes: LossOptions = {}): LossTerm[] {
  return lossTerms(changed(recommendedLossOptions, changes));
}

function changed(preset: LossOptions, changes: LossOptions): LossOptions {
  const names = Object.keys({ ...preset, ...changes }) as (keyof LossOptions)[];
  return Object.fromEntries(names.map((name) => [name, { ...preset[name], ...changes[name] }]));
}
