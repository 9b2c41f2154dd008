// Stops a small training run after each of its 40 steps and resumes it: node tools/exact-resume.mjs
//
// Two epochs with dropout, shuffle, augmentation, a moving average of the weights, adaptive weighting and a step skipped in each. Every
// resumed run must leave the weights, state and metrics (without timings) of the uninterrupted one, by SHA-256. The suite runs a few
// of the stops; this runs all, in about three minutes, and the controls that show that a lost counter would be noticed.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ensureInstalled, ROOT } from './setup.mjs';

ensureInstalled();
const vitest = join(ROOT, 'node_modules', 'vitest', 'vitest.mjs');
const { status } = spawnSync(
  process.execPath,
  [vitest, 'run', 'src/training/exact-resume.test.ts', '--reporter=verbose'],
  {
    cwd: join(ROOT, 'packages', 'retrieval'),
    env: { ...process.env, UNIECS_STOPS: 'all' },
    stdio: 'inherit',
  },
);
process.exitCode = status ?? 1;
