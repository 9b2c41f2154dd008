import '@tensorflow/tfjs-backend-cpu';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { presetLosses, trainSettings } from '@uniecs/retrieval';
import { expect, it } from 'vitest';
import { gridOfFlags } from './grid-of-flags.js';
import { readGrid } from './read-grid.js';

const folder = join(import.meta.dirname, '../../../../docs/studies');

it.each(readdirSync(folder))('%s is a grid whose arms can all be trained', async (name) => {
  const file = await readGrid(join(folder, name));
  const { base, arms, seeds, baseline } = gridOfFlags({}, file, {}, () => {});
  expect(arms.map((arm) => arm.name)).toContain(baseline);
  expect(seeds.length).toBeGreaterThan(0);
  expect(arms.length).toBeGreaterThan(1);
  for (const { settings } of arms) expect(presetLosses(trainSettings({ ...base, ...settings }))).not.toEqual([]);
});
