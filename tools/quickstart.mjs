// npm run quickstart: from nothing to answered searches, on a catalogue that is drawn here. Each command is printed as a
// user would type it, so that any of them can be run again by hand.
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { build, CLI, runCommand } from './run-tool.mjs';
import { ROOT } from './setup.mjs';

/** Everything that this script makes; a second run starts anew. */
const OUT = 'runs/quickstart';
const catalogue = `${OUT}/catalogue`;
const model = `${OUT}/model`;
const index = `${OUT}/index`;

/** @param {readonly string[]} args */
function uniecs(...args) {
  const status = runCommand(CLI, 'uniecs', args, 'npx ');
  if (status === 0) return;
  console.error(`\nquickstart: uniecs ${args[0]} ended with ${status}; its output above says why`);
  process.exit(status);
}

/**
 * The rows of a JSONL file that the catalogue holds.
 * @param {string} name
 * @returns {Record<string, string>[]}
 */
function rows(name) {
  const text = readFileSync(join(ROOT, catalogue, name), 'utf8');
  return text.split('\n').flatMap((line) => (line ? [JSON.parse(line)] : []));
}

const started = Date.now();
const built = build();
if (built !== 0) process.exit(built);
if (existsSync(join(ROOT, OUT))) {
  console.log(`\n$ rm -r ${OUT}    (left by an earlier run)`);
  rmSync(join(ROOT, OUT), { recursive: true });
}

uniecs('data', 'generate', '--out', catalogue, '--pairs', '600', '--seed', '7');
const data = ['--train', `${catalogue}/train.jsonl`, '--val', `${catalogue}/val.jsonl`];
uniecs('train', ...data, '--out', model, '--size', 'tiny', '--epochs', '10', '--seed', '7');
uniecs('eval', '--model', model, '--pairs', `${catalogue}/test.jsonl`);
uniecs('index', '--model', model, '--items', `${catalogue}/catalog.jsonl`, '--store', 'lancedb', '--to', index);

const [pair] = rows('test.jsonl');
if (!pair) throw new Error(`quickstart: expected pairs in ${catalogue}/test.jsonl, got none`);
const search = ['search', '--model', model, '--index', index, '--k', '5'];
const text = ['--text', pair.item_title_1 ?? ''];
const image = ['--image', `${catalogue}/${pair.item_image_1}`];
uniecs(...search, ...text);
uniecs(...search, ...image);
uniecs(...search, ...text, ...image);

console.log(`\nquickstart: done in ${((Date.now() - started) / 1000).toFixed(0)} s; everything is in ${OUT}`);
