import { join } from 'node:path';
import { fillPages } from './fill-pages.mjs';
import { keepGrid } from './keep-grid.mjs';

const root = join(import.meta.dirname, '..', '..');
const [name, grid, ...more] = process.argv.slice(2);
if (more.length > 0 || (name !== undefined && (grid === undefined || !/^[a-z0-9-]+$/.test(name)))) {
  console.error('results: expected nothing, or NAME (small letters, digits, hyphens) and the folder of a grid');
  process.exit(2);
}
if (name !== undefined && grid !== undefined) {
  console.log(`${keepGrid(join(root, 'docs', 'results'), name, grid)} finished cells kept`);
}
fillPages(root);
