/**
 * @typedef {import('./options.mjs').Options} Options
 * @typedef {import('./case.mjs').CaseOptions & {
 *   task: 'step' | 'encode', rounds?: number, warmup?: number, compile?: boolean, fullPasses?: boolean,
 * }} Plan
 */

/** Pairs a step and items a pass where the command line does not say. */
export const sizesOf = {
  tiny: { pairs: 96, items: 64 },
  small: { pairs: 96, items: 64 },
  base: { pairs: 4, items: 8 },
};

/** Pairs a batch of the growth section. */
export const growthBatches = [64, 128, 256, 512, 1024];

/**
 * The work that the options ask for.
 * @param {Options} options
 * @returns {Plan[]}
 */
export function plansOf({ only, sizes, preset, pairs, micro, items }) {
  return /** @type {const} */ (['step', 'encode']).flatMap((task) => {
    if (!only.includes(task)) return [];
    return sizes.map((size) => {
      if (task === 'encode') return { task, size, preset, pairs: Math.ceil((items ?? sizesOf[size].items) / 2) };
      return { task, size, preset, pairs: pairs ?? sizesOf[size].pairs, microBatch: micro };
    });
  });
}

/**
 * The work whose figures stand in docs/BENCHMARKS.md, as far as the options ask for it. Base has 0.2 billion parameters: fewer
 * rounds, and torch.compile left out, which would compile for minutes.
 * @param {Pick<Options, 'only' | 'sizes'>} options
 */
export const publishedPlans = ({ only, sizes }) =>
  published.filter(({ task, size }) => only.includes(task) && sizes.includes(size));

/** @type {Plan[]} */
const published = [
  { task: 'step', size: 'tiny', pairs: 96, rounds: 7, fullPasses: true },
  { task: 'step', size: 'tiny', pairs: 96, microBatch: 16, rounds: 5, compile: false, fullPasses: true },
  { task: 'step', size: 'small', pairs: 96, rounds: 4, warmup: 2, compile: false, fullPasses: true },
  { task: 'step', size: 'base', pairs: 4, microBatch: 2, rounds: 3, warmup: 1, compile: false, fullPasses: false },
  { task: 'encode', size: 'tiny', pairs: 32, fullPasses: true },
  { task: 'encode', size: 'base', pairs: 4, rounds: 4, warmup: 1, compile: false, fullPasses: true },
];
