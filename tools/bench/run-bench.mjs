import { runtimeThreads } from './ceiling.mjs';
import { describeMachine, torchHasCuda, torchVersion } from './machine.mjs';
import { measureGrowth } from './measure-growth.mjs';
import { measureProducts } from './measure-products.mjs';
import { measureTfjs, tfjsEngines } from './measure-tfjs.mjs';
import { measureWork } from './measure-work.mjs';
import { growthBatches, plansOf, publishedPlans, sizesOf } from './plans.mjs';
import { measureProfile } from './profile.mjs';

/**
 * @typedef {import('./options.mjs').Options} Options
 * @typedef {import('./result-tables.mjs').Results} Results
 */

const tell = (/** @type {string} */ what) => console.error(`bench: ${what}`);

/** The present minute, in UTC: when a section was taken. */
const now = () => `${new Date().toISOString().slice(0, 16).replace('T', ' ')} UTC`;

/**
 * Takes all measurements that the options ask for, one section after the other. A section that fails is told and the others go on.
 * @param {Options} options
 * @param {(results: Results) => void} [keep] is given the results so far after each section
 * @returns {Promise<{ results: Results, failed: string[] }>} `failed`: the sections that did
 */
export async function runBench(options, keep = () => {}) {
  const { only, rounds, device } = options;
  const torch = options.python === undefined ? undefined : torchVersion(options.python);
  const how = { ...options, threads: await runtimeThreads(), torchDevice: device === 'cpu' ? 'cpu' : 'cuda' };
  if (torch === undefined) tell('no PyTorch (--python PATH says where one is); measuring ours alone');
  const besides = torch !== undefined && (device === 'cpu' || torchHasCuda(/** @type {string} */ (options.python)));
  if (torch !== undefined && !besides) tell('PyTorch sees no CUDA device; measuring ours alone');
  if (!besides) delete how.python;

  /** @type {Results} */
  const results = { version: 2, machine: describeMachine({ threads: how.threads, torch }), work: [] };
  tell(JSON.stringify(results.machine));
  const began = performance.now();
  /** @type {string[]} */
  const failed = [];
  /** @param {string} name @param {(taken: string) => Promise<void>} measure */
  async function section(name, measure) {
    tell(`${Math.round((performance.now() - began) / 1000)} s: ${name}`);
    try {
      await measure(now());
      keep(results);
    } catch (error) {
      failed.push(name);
      tell(`${name} failed: ${error instanceof Error ? error.message : error}`);
    }
  }

  if (only.includes('products')) {
    await section('matrix products', async (taken) => {
      results.products = { taken, rows: await measureProducts({ rounds, device }) };
    });
  }
  for (const plan of options.publish ? publishedPlans(options) : plansOf(options)) {
    const { task, size, pairs, microBatch = pairs } = plan;
    await section(`${task}, ${size}, ${pairs} pairs by ${microBatch}`, async (taken) => {
      // A step's check compares the embeddings too.
      const check = task === 'step' || !results.work.some((row) => row.size === size && row.parity !== undefined);
      const row = await measureWork(task, plan, {
        ...how,
        rounds: plan.rounds ?? rounds,
        ...(plan.warmup === undefined ? {} : { warmup: plan.warmup }),
        compile: how.compile && (plan.compile ?? true),
        fullPasses: plan.fullPasses ?? how.fullPasses,
        check,
      });
      results.work.push({ taken, ...row });
    });
  }
  if (only.includes('profile')) {
    await section('profile', async (taken) => {
      results.profile = { taken, ...(await measureProfile({ rounds: Math.min(rounds, 5) })) };
    });
  }
  if (only.includes('tfjs')) {
    const engines = tfjsEngines(options.tfjs);
    await section(`TensorFlow.js (${engines.join(', ') || `no engine in ${options.tfjs}`})`, async (taken) => {
      if (engines.length === 0) throw new Error(`expected an engine in ${options.tfjs}/node_modules, got none`);
      const pairs = options.pairs ?? sizesOf.tiny.pairs;
      results.tfjs = { taken, rows: await measureTfjs({ folder: options.tfjs, pairs, rounds }) };
    });
  }
  if (only.includes('growth')) {
    await section('growth', async (taken) => {
      const growth = { batches: growthBatches, microBatch: options.micro ?? 32, threads: how.threads };
      const rows = await measureGrowth(growth, ({ pairs, step }) =>
        tell(`${pairs} pairs: ${Math.round(step.median)} ms`),
      );
      results.growth = { taken, rows };
    });
  }
  tell(`${Math.round((performance.now() - began) / 1000)} s: done`);
  return { results, failed };
}
