// Ranks of partners at M-BEER's size, beside faiss's flat index: `node tools/bench/ranks.mjs --help`; see docs/BENCHMARKS.md.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { build } from '../run-tool.mjs';
import { ROOT } from '../setup.mjs';

const help = `node tools/bench/ranks.mjs [options]
  --python PATH     a Python with faiss (pip install faiss-cpu); default python3, none for ours alone
  --pairs N         default 50000
  --dimension N     default 256
  --tasks N         of the nine, for the vectors of a trained model (default 9)
  --kinds LIST      of near, unrelated (default both; unrelated takes one task)
  --rounds N        times each task, the sides in turn (default 1)
  --threads N       of each side (default: what ONNX Runtime takes)
  --publish         into docs/results/ranks.json and docs/BENCHMARKS.md`;

const text = /** @type {const} */ ({ type: 'string' });
const { values } = parseArgs({
  options: {
    ...{ python: text, pairs: text, dimension: text, tasks: text, kinds: text, rounds: text, threads: text },
    ...{ publish: { type: 'boolean' }, help: { type: 'boolean' } },
  },
});
if (values.help) {
  console.log(help);
} else {
  const built = build();
  if (built !== 0) process.exit(built);
  const { measureRanks, ranksTable } = await import('./measure-ranks.mjs');
  const { betweenMarks } = await import('./publish.mjs');
  const { markdownTable, textTable } = await import('./table.mjs');
  const results = await measureRanks({
    pairs: Number(values.pairs ?? 50_000),
    dimension: Number(values.dimension ?? 256),
    tasks: Number(values.tasks ?? 9),
    rounds: Number(values.rounds ?? 1),
    kinds: /** @type {import('./ranks-data.mjs').Kind[]} */ ((values.kinds ?? 'near,unrelated').split(',')),
    ...(values.python === 'none' ? {} : { python: values.python ?? 'python3' }),
    ...(values.threads === undefined ? {} : { threads: Number(values.threads) }),
    tell: (what) => console.error(`ranks: ${what}`),
  });
  console.log(textTable(ranksTable(results)));
  if (values.publish) {
    writeFileSync(join(ROOT, 'docs', 'results', 'ranks.json'), `${JSON.stringify(results, null, 2)}\n`);
    const page = join(ROOT, 'docs', 'BENCHMARKS.md');
    const { cpu, threads, node, onnxruntime, faiss } = results.machine;
    const taken = `Taken ${results.taken}: ${cpu}, ${threads} threads for each side, Node ${node}, onnxruntime-node ${onnxruntime}, faiss ${faiss ?? 'none'}.`;
    const table = `${taken}\n\n${markdownTable(ranksTable(results))}`;
    writeFileSync(
      page,
      betweenMarks(
        readFileSync(page, 'utf8'),
        'ranks: written by node tools/bench/ranks.mjs --publish',
        'end of ranks',
        table,
      ),
    );
  }
}
