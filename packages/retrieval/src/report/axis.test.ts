import { expect, it } from 'vitest';
import { axisFor, shareBelow, withinBounds } from './axis.js';
import { inUnit, percent, shortNumber } from './format-number.js';

it.each([
  [0, 1, [0, 0.5, 1]],
  [0, 0.3, [0, 0.1, 0.2, 0.3]],
  [2.1, 8.7, [2, 4, 6, 8, 10]],
  [-3, 3, [-4, -2, 0, 2, 4]],
  [5, 5, [2, 4, 6, 8]],
  [0, 0, [-1, -0.5, 0, 0.5, 1]],
  [1e-9, 4e-9, [1e-9, 2e-9, 3e-9, 4e-9]],
])('from %d to %d the marks are round and take in both', (low, high, ticks) => {
  const axis = axisFor(low, high);
  expect(axis).toMatchObject({ log: false, ticks });
  expect(shareBelow(axis, low)).toBeGreaterThanOrEqual(0);
  expect(shareBelow(axis, high)).toBeLessThanOrEqual(1);
});

it('is logarithmic for positive numbers that are far apart, where that is allowed', () => {
  const axis = axisFor(0.02, 30, true);
  expect(axis).toEqual({
    log: true,
    low: 0.01,
    high: 100,
    ticks: [0.01, 0.1, 1, 10, 100].map((x) => expect.closeTo(x)),
  });
  expect([0.01, 1, 100].map((x) => shareBelow(axis, x))).toEqual([0, 0.5, 1].map((x) => expect.closeTo(x)));
  expect(axisFor(0.02, 30).log).toBe(false);
  expect(axisFor(0, 30, true).log).toBe(false);
  expect(axisFor(10, 30, true).log).toBe(false);
});

it.each([
  [0, '0'],
  [2.34567, '2.346'],
  [0.001234, '0.001234'],
  [0.00001, '1e-5'],
  [-1234.6, '-1,235'],
  [12_345_678, '1.235e7'],
  [undefined, '-'],
])('%s is shown as %s', (value, text) => {
  expect(shortNumber(value)).toBe(text);
});

it('shows a share in percent', () => {
  expect(inUnit(0.0314, percent)).toBe('3.14 %');
});

it('is cut to what values can be, marks too', () => {
  expect(withinBounds(axisFor(1, 1), [0, 1])).toEqual({ log: false, low: 0.5, high: 1, ticks: [0.5, 1] });
  expect(withinBounds(axisFor(0.2, 0.8), [0, 1])).toEqual(axisFor(0.2, 0.8));
});
