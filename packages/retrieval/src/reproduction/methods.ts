import type { Arm } from '../ablation/grid.js';

/** A method of the paper's Table 1 that is trained here. */
export interface Method {
  /** As it stands in tables; the name of `--model NAME=DIR`. */
  readonly name: string;
  /** The ways in which it is trained: the one that is better on validation stands for it. */
  readonly arms: readonly Arm[];
}

/** UniECS with the preset that trains best. */
export const uniecsMethod: Method = {
  name: 'UniECS',
  arms: [{ name: 'UniECS', settings: { preset: 'recommended' } }],
};

/** UniECS as the paper has it. */
export const paperMethod: Method = {
  name: 'UniECS paper',
  arms: [{ name: 'UniECS paper', settings: { preset: 'paper' } }],
};

/**
 * The baselines, each trained with InfoNCE once over the nine tasks and once over fused against fused alone, as a baseline gets the same
 * care as UniECS.
 */
export const baselineMethods: readonly Method[] = (
  [
    ['CLIP_SF', 'clip-sf'],
    ['CLIP_FF', 'clip-ff'],
  ] as const
).map(([name, model]) => {
  // Said here and not left to the default, so that settings for all do not give a baseline the paper's terms.
  const settings = { model, preset: 'recommended', drop: ['CMAL', 'CLAL', 'IMCL'] } as const;
  return {
    name,
    arms: [
      { name, settings },
      { name: `${name} fused`, settings: { ...settings, losses: { tasks: { tasks: ['vt->vt'] } } } },
    ],
  };
});

/** The rows of Table 1 that are trained here. */
export const table1Methods: readonly Method[] = [...baselineMethods, uniecsMethod, paperMethod];

/** The three models that figures and curves compare. */
export const comparedMethods: readonly Method[] = [uniecsMethod, ...baselineMethods];
