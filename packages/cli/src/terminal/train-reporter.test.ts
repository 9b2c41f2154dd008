import type { EvaluationReport } from '@uniecs/mbeer';
import type { StepEvent, TrainEvent } from '@uniecs/retrieval';
import { expect, it } from 'vitest';
import { jsonlReporter, prettyReporter } from './train-reporter.js';

function collector(isTTY = false, columns = 100) {
  let text = '';
  const write = (chunk: string) => {
    text += chunk;
  };
  return { stream: { write, isTTY, columns }, text: () => text };
}

const total = 200;

function step(at: number): StepEvent {
  return {
    type: 'step',
    step: at,
    epoch: 1,
    totalSteps: total,
    loss: 2.5,
    terms: { V2T: 1 },
    lambdas: { V2T: 1 },
    gradNorms: { V2T: 1 },
    gradNorm: 1,
    entropy: 0,
    learningRate: 1e-3,
    pairsPerSecond: 80,
    dataWait: 0.12,
    rssBytes: 2e8,
    secondsLeft: 65,
  };
}

const start: TrainEvent = { type: 'start', parameters: 2_570_000, pairs: 960, totalSteps: total, stepsPerEpoch: 10 };
const skipped: TrainEvent = {
  type: 'skipped',
  ...{
    step: 11,
    epoch: 2,
    totalSteps: total,
    reason: 'the term V2T has the loss NaN',
    term: 'V2T',
    items: [],
    inRow: 1,
  },
};
const report: EvaluationReport = { version: 1, pairs: 4, tasks: {}, mean: { 'R@1': 0.25, 'R@10': null } };
const validation: TrainEvent = { type: 'validation', step: 10, epoch: 1, report, isBest: true, seconds: 3 };

it('where lines cannot be rewritten, fifty lines a run and one a validation', () => {
  const { stream, text } = collector();
  const reporter = prettyReporter(stream);
  reporter.onEvent(start);
  for (let at = 1; at <= total; at++) reporter.onEvent(step(at));
  reporter.onEvent(validation);
  reporter.note('PLC: k is clamped');
  reporter.onEvent(skipped);
  reporter.end();
  const lines = text().split('\n');
  expect(lines).toHaveLength(1 + 50 + 1 + 1 + 1 + 1);
  expect(lines[0]).toBe('960 pairs, 2.57 M parameters, 200 steps, 10 an epoch');
  expect(lines[1]).toBe('epoch 1  step 4/200  loss 2.5000  80.0 pairs/s  data wait 12 %  1 min 5 s left');
  expect(lines[51]).toBe('epoch 1  step 10  validation: mean R@1 0.250  R@10 -, the best so far (3 s)');
  expect(lines[52]).toBe('PLC: k is clamped');
  expect(lines[53]).toBe('step 11  skipped: the term V2T has the loss NaN');
});

it('a short run tells every step, and the last one always', () => {
  const { stream, text } = collector();
  const reporter = prettyReporter(stream);
  reporter.onEvent({ ...start, totalSteps: 3 });
  for (let at = 1; at <= 3; at++) reporter.onEvent({ ...step(at), totalSteps: 3 });
  expect(text().match(/step \d\/3/g)).toEqual(['step 1/3', 'step 2/3', 'step 3/3']);
});

it('on a terminal one line is rewritten, and what stays stands above it', () => {
  const { stream, text } = collector(true, 60);
  let now = 0;
  const reporter = prettyReporter(stream, () => now);
  reporter.onEvent({ ...start, resumedFrom: 4 });
  for (let at = 1; at <= 3; at++) {
    now += 1000;
    reporter.onEvent(step(at));
  }
  reporter.onEvent(validation);
  reporter.end();
  const lines = text().split('\n');
  expect(lines).toHaveLength(3);
  expect(lines[0]).toContain('resumed after step 4');
  const drawn = lines[1]?.split('\r\u001b[2K') ?? [];
  expect(drawn).toHaveLength(5);
  expect(drawn[3]).toContain('step 3/200');
  expect(drawn.slice(0, 4).every((line) => line.length < 60)).toBe(true);
  expect(drawn[4]).toContain('validation: mean R@1 0.250');
});

it('as JSON lines, every event as it is', () => {
  const { stream, text } = collector();
  const reporter = jsonlReporter(stream);
  const events = [start, step(1), validation];
  for (const event of events) reporter.onEvent(event);
  reporter.note('device: cpu');
  const lines = text().trim().split('\n');
  expect(lines.map((line) => JSON.parse(line))).toEqual([...events, { type: 'note', text: 'device: cpu' }]);
});
