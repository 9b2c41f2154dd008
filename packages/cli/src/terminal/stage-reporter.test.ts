import type { StageEvent } from '@uniecs/retrieval';
import { expect, it } from 'vitest';
import { stageReporter } from './stage-reporter.js';

const step = (at: number, totalSteps: number): StageEvent => ({
  ...{ type: 'step', stage: 'alignment', step: at, totalSteps, learningRate: 1e-3, pairsPerSecond: 80 },
  ...{ loss: 9.25, terms: { Q2T: 4.6, Q2V: 4.65 }, gradNorm: 1, maskedNegatives: 3 },
});
const collector = (isTTY: boolean) => {
  const stream = {
    isTTY,
    columns: 80,
    text: '',
    write: (chunk: string) => {
      stream.text += chunk;
    },
  };
  return stream;
};

it('tells twenty steps a stage where lines cannot be rewritten, the last one among them, and every skipped one', () => {
  const stream = collector(false);
  const reporter = stageReporter(stream);
  for (let at = 1; at <= 45; at++) reporter.onEvent(step(at, 45));
  const { type: _, ...place } = step(7, 45);
  reporter.onEvent({ ...place, type: 'skipped', reason: 'the term Q2V has the loss NaN' } as StageEvent);
  const lines = stream.text.trim().split('\n');
  expect(lines).toHaveLength(16);
  expect(lines[0]).toBe('alignment  step 3/45  loss 9.2500  80.0 queries/s');
  expect(lines.at(-2)).toContain('step 45/45');
  expect(lines.at(-1)).toBe('alignment  step 7/45  skipped: the term Q2V has the loss NaN');
});

it('rewrites a line of progress on a terminal, and takes it away at the end', () => {
  const stream = collector(true);
  const reporter = stageReporter(stream, () => 1000);
  reporter.onEvent(step(9, 45));
  expect(stream.text).toContain('alignment  step 9/45');
  expect(stream.text).toContain('20 %');
  expect(stream.text).not.toContain('\n');
  reporter.note('[1] full, seed 7: done');
  reporter.end();
  expect(stream.text).toContain('[1] full, seed 7: done\n');
});
