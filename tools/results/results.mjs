import { join } from 'node:path';
import { fillPages } from './fill-pages.mjs';
import { keepGrid } from './keep-grid.mjs';
import { keepReport } from './keep-report.mjs';

const root = join(import.meta.dirname, '..', '..');
const [name, grid, ...more] = process.argv.slice(2);
if (more.length > 0 || (name !== undefined && (grid === undefined || !/^[a-z0-9-]+$/.test(name)))) {
  console.error(
    'results: expected nothing, or NAME (small letters, digits, hyphens) and the folder of a grid or a report (JSON)',
  );
  process.exit(2);
}
const results = join(root, 'docs', 'results');
if (name !== undefined && grid?.endsWith('.json')) {
  keepReport(results, name, grid);
} else if (name !== undefined && grid !== undefined) {
  console.log(`${keepGrid(results, name, grid)} finished cells kept`);
}
fillPages(root);
