import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../setup.mjs';
import { growthChart } from './growth-chart.mjs';
import { resultTables } from './result-tables.mjs';
import { gigabytes, markdownTable, milliseconds, times } from './table.mjs';
import { targetsOf, targetTable } from './targets.mjs';

/** @typedef {import('./result-tables.mjs').Results} Results */

/**
 * Puts the figures between their two marks in a document.
 * @param {string} document
 * @param {string} text
 */
export const between = (document, text) =>
  betweenMarks(document, 'figures: written by npm run bench -- --publish', 'end of figures', text);

/**
 * Puts generated text between two marks of a document, which are comments.
 * @param {string} document
 * @param {string} first
 * @param {string} last
 * @param {string} text
 */
export function betweenMarks(document, first, last, text) {
  const [start, end] = [`<!-- ${first} -->`, `<!-- ${last} -->`];
  const [from, to] = [document.indexOf(start), document.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`publish: expected the marks ${start} and ${end} in this order`);
  return `${document.slice(0, from + start.length)}\n\n${text}\n\n${document.slice(to)}`;
}

/**
 * The figures of the document: the machine, the targets, and all tables.
 * @param {Results} results
 * @param {import('./targets.mjs').DataWait} [dataWait]
 */
export function figures(results, dataWait) {
  const { machine } = results;
  const taken = `All on one machine: ${machine.cpu}, ${machine.threads} threads for each side, ${gigabytes(machine.memoryBytes)} of memory, ${machine.platform}; Node ${machine.node}, onnxruntime-node ${machine.onnxruntime}, PyTorch ${machine.torch ?? 'none'}. What was taken when stands with each section, and for steps and encoding in the table of ceilings.`;
  const wait = dataWait ? `\n\nThe wait for data is that of ${dataWait.run}, taken ${dataWait.taken}.` : '';
  const targets = `### Targets\n\n${markdownTable(targetTable(targetsOf(results, dataWait)))}${wait}`;
  const tables = resultTables(results).map(({ title, taken, rows }) => {
    const when = taken === undefined ? '' : `Taken ${taken}.\n\n`;
    return `### ${title}\n\n${when}${markdownTable(rows)}${after(title, results)}`;
  });
  return [taken, targets, ...tables].join('\n\n');
}

/** What follows a table. @param {string} title @param {Results} results */
function after(title, results) {
  if (title === 'Growth') return '\n\n![Encoder time and peak memory over the batch](results/growth.svg)';
  return title === 'Profile, by part' ? bound(results) : '';
}

/**
 * The most that anything but faster products could bring. The products' share is the profile's, the times are those of the step's own
 * row, where the sides took turns.
 * @param {Results} results
 */
function bound({ profile, work }) {
  const products = profile?.groups.find(({ name }) => name === 'products');
  const tiny = work.find(
    ({ task, size, pairs, microBatch, device }) =>
      [task, size, pairs, microBatch, device].join() === ['step', 'tiny', profile?.pairs, profile?.pairs, 'cpu'].join(),
  );
  const { ours, eager, eagerFull } = tiny?.peers ?? {};
  if (!profile || !products || !ours || !eager || !eagerFull) return '';
  const least = (ours.time.median * products.ms) / profile.totalMs;
  const over = (/** @type {typeof eager} */ { time }) => times(time.median / least);
  return `\n\nIf all but the products took no time, the step would take ${milliseconds(least)}: ${over(eager)} as fast as PyTorch eager with our shortcuts, ${over(eagerFull)} as fast as PyTorch eager as the equations stand. Only faster products could bring more.`;
}

/**
 * New results over those of before: a section or a row of work that was measured again takes the place of its old one. Where the
 * machine or a version is another one, nothing of before is kept.
 * @param {Results | undefined} before
 * @param {Results} results
 * @returns {Results}
 */
export function merged(before, results) {
  const same = before?.version === results.version && alike(before.machine, results.machine);
  if (!before || !same) return results;
  const key = (/** @type {Results['work'][number]} */ { task, size, preset, pairs, microBatch, device }) =>
    [task, size, preset, pairs, microBatch, device].join(' ');
  const again = new Map(results.work.map((row) => [key(row), row]));
  const kept = before.work.map((row) => again.get(key(row)) ?? row);
  const known = new Set(before.work.map(key));
  return { ...before, ...results, work: [...kept, ...results.work.filter((row) => !known.has(key(row)))] };
}

/** @param {Results['machine']} a @param {Results['machine']} b */
function alike(a, b) {
  const names = /** @type {(keyof Results['machine'])[]} */ ([...new Set([...Object.keys(a), ...Object.keys(b)])]);
  return names.every((name) => a[name] === b[name]);
}

/**
 * Writes `results/bench.json`, the chart, and the tables of `BENCHMARKS.md`.
 * @param {Results} results
 * @param {string} [docs] their folder
 */
export function publish(results, docs = join(ROOT, 'docs')) {
  mkdirSync(join(docs, 'results'), { recursive: true });
  const stored = join(docs, 'results', 'bench.json');
  const text = JSON.stringify(merged(readJson(stored), results), rounded, 2);
  const now = JSON.parse(text);
  writeFileSync(stored, `${text}\n`);
  if (now.growth) writeFileSync(join(docs, 'results', 'growth.svg'), growthChart(now.growth.rows));
  const path = join(docs, 'BENCHMARKS.md');
  writeFileSync(path, between(readFileSync(path, 'utf8'), figures(now, readDataWait(docs))));
}

/** The share of time that a run waited for data, measured by hand. @param {string} docs */
export const readDataWait = (docs) => readJson(join(docs, 'results', 'data-wait.json'));

const readJson = (/** @type {string} */ path) =>
  existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;

/** Five digits are more than any timing has. @param {string} _ @param {unknown} value */
const rounded = (_, value) =>
  typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value;
