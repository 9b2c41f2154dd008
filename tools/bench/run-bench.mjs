import { describeMachine, torchVersion } from './machine.mjs';
import { measureGrowth } from './measure-growth.mjs';
import { measureProducts } from './measure-products.mjs';
import { measureTfjs, tfjsEngines } from './measure-tfjs.mjs';
import { measureWork } from './measure-work.mjs';
import { resultTables } from './result-tables.mjs';
import { textTable } from './table.mjs';

/**
 * @typedef {import('./options.mjs').Options} Options
 * @typedef {import('./case.mjs').CaseOptions & { task: 'step' | 'encode', rounds?: number, compile?: boolean, fullPasses?: boolean }} Plan
 */

/** Pairs a step and items a pass where the command line does not say. */
const defaults = {
  tiny: { pairs: 96, items: 64 },
  small: { pairs: 96, items: 64 },
  base: { pairs: 4, items: 8 },
};
const growthBatches = [64, 128, 256, 512, 1024];

/**
 * The work that the options ask for.
 * @param {Options} options
 * @returns {Plan[]}
 */
export function plansOf({ only, sizes, preset, pairs, micro, items }) {
  return /** @type {const} */ (['step', 'encode']).flatMap((task) => {
    if (!only.includes(task)) return [];
    return sizes.map((size) => {
      if (task === 'encode') return { task, size, preset, pairs: Math.ceil((items ?? defaults[size].items) / 2) };
      return { task, size, preset, pairs: pairs ?? defaults[size].pairs, microBatch: micro };
    });
  });
}

/**
 * The work whose figures stand in docs/BENCHMARKS.md, as far as the options ask for it. Base has 0.2 billion parameters: fewer rounds, and torch.compile left out.
 * @param {Pick<Options, 'only' | 'sizes'>} options
 */
export const publishedPlans = ({ only, sizes }) =>
  published.filter(({ task, size }) => only.includes(task) && sizes.includes(size));

/** @type {Plan[]} */
const published = [
  { task: 'step', size: 'tiny', pairs: 96, fullPasses: true },
  { task: 'step', size: 'tiny', pairs: 96, microBatch: 16, rounds: 5, compile: false },
  { task: 'step', size: 'small', pairs: 96, rounds: 5, compile: false },
  { task: 'step', size: 'base', pairs: 4, microBatch: 2, rounds: 3, compile: false },
  { task: 'encode', size: 'tiny', pairs: 32 },
  { task: 'encode', size: 'base', pairs: 4, rounds: 5, compile: false },
];

/**
 * Takes all measurements that the options ask for and prints the tables.
 * @param {Options} options
 * @returns {Promise<import('./result-tables.mjs').Results>}
 */
export async function runBench(options) {
  const { rounds, publish } = options;
  const tell = (/** @type {string} */ what) => console.error(`bench: ${what}`);
  const torch = options.python === undefined ? undefined : torchVersion(options.python);
  const peers = { ...options };
  if (torch === undefined) {
    delete peers.python;
    tell('no PyTorch (--python PATH says where one is); measuring ours alone');
  }
  const { only } = options;
  /** @type {import('./result-tables.mjs').Results} */
  const results = {
    version: 1,
    date: new Date().toISOString().slice(0, 10),
    machine: describeMachine(torch),
    work: [],
  };
  tell(JSON.stringify(results.machine));
  if (only.includes('products') || publish) {
    tell('matrix products');
    results.products = await measureProducts(rounds);
  }
  for (const plan of publish ? publishedPlans(options) : plansOf(options)) {
    const { task, size, pairs } = plan;
    tell(`${task}, ${size}, ${pairs} pairs`);
    // A step's check compares the embeddings too.
    const check = task === 'step' || !results.work.some((row) => row.size === size && row.parity !== undefined);
    const how = { ...peers, rounds: plan.rounds ?? rounds, check };
    how.compile &&= plan.compile ?? true;
    how.fullPasses ||= plan.fullPasses ?? false;
    results.work.push(await measureWork(task, plan, how, results.products?.ceiling));
  }
  if (only.includes('growth')) {
    const growth = { batches: growthBatches, microBatch: options.micro ?? 32, rounds: 3 };
    results.growth = await measureGrowth(growth, ({ pairs, stepMs }) =>
      tell(`${pairs} pairs: ${Math.round(stepMs)} ms`),
    );
  }
  if (only.includes('tfjs') && !(publish && tfjsEngines(options.tfjs).length === 0)) {
    tell('TensorFlow.js');
    results.tfjs = await measureTfjs({ folder: options.tfjs, pairs: options.pairs ?? defaults.tiny.pairs, rounds });
  }
  for (const { title, rows } of resultTables(results)) console.log(`\n${title}\n${textTable(rows)}`);
  return results;
}
