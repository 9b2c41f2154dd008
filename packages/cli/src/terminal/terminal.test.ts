import { expect, it } from 'vitest';
import { duration, rate } from './duration.js';
import { harmless, type Io } from './io.js';
import { progress } from './progress.js';
import { progressLine } from './progress-line.js';
import { textTable } from './text-table.js';

it.each([
  [0, '0 s'],
  [59.4, '59 s'],
  [59.6, '1 min'],
  [250, '4 min 10 s'],
  [3600, '1 h'],
  [3599.9, '1 h'],
  [7500, '2 h 5 min'],
  [Number.NaN, '?'],
  [Number.POSITIVE_INFINITY, '?'],
])('%d seconds are %s', (seconds, text) => {
  expect(duration(seconds)).toBe(text);
});

it.each([
  [0.8412, '0.84'],
  [84.12, '84.1'],
  [1240.4, '1,240'],
  [Number.NaN, '?'],
])('a rate of %d is %s', (perSecond, text) => {
  expect(rate(perSecond)).toBe(text);
});

const state = {
  label: 'epoch 3  step 281/938',
  done: 281,
  total: 938,
  perSecond: 84.1,
  unit: 'pairs',
  secondsLeft: 250,
  extras: ['loss 3.2140', 'data wait 2 %'],
};

it('shows everything where there is room', () => {
  expect(progressLine(state, 120)).toBe(
    'epoch 3  step 281/938  [=======>                    ]   29 %  84.1 pairs/s  4 min 10 s left  loss 3.2140  data wait 2 %',
  );
});

it('fits into any number of columns', () => {
  for (let width = 0; width < 130; width++) expect(progressLine(state, width).length).toBeLessThanOrEqual(width);
});

it('gives up the bar first, then the wait, the loss, the rate, the time left', () => {
  expect(progressLine(state, 75)).toBe('epoch 3  step 281/938   29 %  84.1 pairs/s  4 min 10 s left  loss 3.2140');
  expect(progressLine(state, 64)).toBe('epoch 3  step 281/938   29 %  84.1 pairs/s  4 min 10 s left');
  expect(progressLine(state, 47)).toBe('epoch 3  step 281/938   29 %  4 min 10 s left');
  expect(progressLine(state, 30)).toBe('epoch 3  step 281/938   29 %');
  expect(progressLine(state, 10)).toBe('epoch 3  s');
});

it.each([
  [0, '[        ]'],
  [1, '[===>    ]'],
  [1.99, '[======> ]'],
  [2, '[========]'],
])('%d of 2 is drawn as %s: full at the end alone', (done, drawn) => {
  expect(progressLine({ label: 'x', done, total: 2, unit: 'u' }, 20)).toContain(drawn);
});

it('nothing to do is no division by zero', () => {
  expect(progressLine({ label: 'x', done: 0, total: 0, unit: 'u' }, 12)).toBe('x    0 %');
});

/** An Io whose standard error is collected, and a clock that the test sets. */
function collected(isTTY: boolean) {
  let now = 0;
  let text = '';
  const stderr = { write: (chunk: string) => (text += chunk), isTTY, columns: 40 };
  const io: Io = { stdout: { write: () => {} }, stderr, signal: new AbortController().signal };
  return { io, text: () => text, at: (ms: number) => (now = ms), clock: () => now };
}

it('a terminal gets one line that is rewritten at most ten times a second and goes away', () => {
  const { io, text, at, clock } = collected(true);
  const shown = progress(io, 'embedding', 'items', clock);
  for (let ms = 0; ms <= 200; ms++) {
    at(ms);
    shown.update(ms, 1000);
  }
  shown.end();
  expect(text().split('\r\u001b[2K')).toHaveLength(5);
  expect(text()).not.toContain('\n');
  expect(text().endsWith('\r\u001b[2K')).toBe(true);
});

it('anything else gets a line every ten seconds', () => {
  const { io, text, at, clock } = collected(false);
  const shown = progress(io, 'embedding', 'items', clock);
  for (let s = 1; s <= 25; s++) {
    at(s * 1000);
    shown.update(s * 10, 1000);
  }
  shown.end();
  expect(text()).toBe(
    'embedding 100/1000 items, 10.0 a second, 1 min 30 s left\nembedding 200/1000 items, 10.0 a second, 1 min 20 s left\n',
  );
});

it('aligns columns to their widest cell', () => {
  const rows = [
    ['rank', 'id', 'title'],
    ['1', 'abcdef', 'red shirt'],
    ['10', 'x', ''],
  ];
  expect(textTable(rows, [0])).toBe('rank  id      title\n   1  abcdef  red shirt\n  10  x');
});

it('what could steer a terminal becomes blanks', () => {
  expect(harmless('a\u001b[2Jb\r\nc\u0085d\u2028e')).toBe('a [2Jb c d e');
});
