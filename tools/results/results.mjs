import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fillPages } from './fill-pages.mjs';
import { keptResult } from './kept-result.mjs';

const root = join(import.meta.dirname, '..', '..');
const results = join(root, 'docs', 'results');
const [name, file, ...more] = process.argv.slice(2);
if (more.length > 0 || (name !== undefined && (file === undefined || !/^[a-z0-9-]+$/.test(name)))) {
  console.error('results: expected nothing, or NAME (small letters, digits, hyphens) and the path of an ablation.json');
  process.exit(2);
}
if (name !== undefined && file !== undefined) {
  mkdirSync(results, { recursive: true });
  const result = keptResult(JSON.parse(readFileSync(file, 'utf8')));
  writeFileSync(join(results, `${name}.json`), `${JSON.stringify(result, null, 1)}\n`);
}
fillPages(root);
