import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../setup.mjs';
import { growthChart } from './growth-chart.mjs';
import { resultTables } from './result-tables.mjs';
import { gigabytes, markdownTable } from './table.mjs';

/** @typedef {import('./result-tables.mjs').Results} Results */

const [start, end] = ['<!-- figures: written by npm run bench -- --publish -->', '<!-- end of figures -->'];

/**
 * Puts generated text between the two marks of a document.
 * @param {string} document
 * @param {string} text
 */
export function between(document, text) {
  const [from, to] = [document.indexOf(start), document.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`publish: expected the marks ${start} and ${end} in this order`);
  return `${document.slice(0, from + start.length)}\n\n${text}\n\n${document.slice(to)}`;
}

/**
 * The figures of the document.
 * @param {Results} results
 */
export function figures(results) {
  const { machine, date, products } = results;
  const taken = `Taken on ${date}: ${machine.cpu}, ${machine.threads} threads, ${gigabytes(machine.memoryBytes)} of memory, ${machine.platform}; Node ${machine.node}, onnxruntime-node ${machine.onnxruntime}, PyTorch ${machine.torch ?? 'none'}.`;
  const ceiling = products ? ` The ceiling is ${products.ceiling.toFixed(0)} GFLOP/s.` : '';
  const tables = resultTables(results).map(({ title, rows }) => {
    const chart = title === 'Growth' ? '\n\n![Encoder time and peak memory over the batch](results/growth.svg)' : '';
    return `### ${title}\n\n${markdownTable(rows)}${chart}`;
  });
  return [`${taken}${ceiling}`, ...tables].join('\n\n');
}

/**
 * New results over those of before: a section or a row of work that was measured again takes the place of its old one.
 * @param {Results | undefined} before
 * @param {Results} results
 * @returns {Results}
 */
export function merged(before, results) {
  if (!before) return results;
  const key = (/** @type {Results['work'][number]} */ { task, size, preset, pairs, microBatch }) =>
    [task, size, preset, pairs, microBatch].join(' ');
  const again = new Map(results.work.map((row) => [key(row), row]));
  const kept = before.work.map((row) => again.get(key(row)) ?? row);
  const known = new Set(before.work.map(key));
  return { ...before, ...results, work: [...kept, ...results.work.filter((row) => !known.has(key(row)))] };
}

/**
 * Writes `docs/results/bench.json`, the chart, and the tables of `docs/BENCHMARKS.md`.
 * @param {Results} results
 */
export function publish(results) {
  const docs = join(ROOT, 'docs');
  const stored = join(docs, 'results', 'bench.json');
  mkdirSync(join(docs, 'results'), { recursive: true });
  const before = existsSync(stored) ? JSON.parse(readFileSync(stored, 'utf8')) : undefined;
  const text = JSON.stringify(merged(before, results), rounded, 2);
  const after = JSON.parse(text);
  writeFileSync(stored, `${text}\n`);
  if (after.growth) writeFileSync(join(docs, 'results', 'growth.svg'), growthChart(after.growth));
  const path = join(docs, 'BENCHMARKS.md');
  writeFileSync(path, between(readFileSync(path, 'utf8'), figures(after)));
}

/** Five digits are more than any timing has. @param {string} _ @param {unknown} value */
const rounded = (_, value) =>
  typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(5)) : value;
