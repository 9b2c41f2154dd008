import { describe, expect, it } from 'vitest';
import { speedups, summarize } from './statistics.mjs';

describe('summarize', () => {
  it('gives median, quartiles and extremes whatever the order', () => {
    expect(summarize([5, 1, 4, 2, 3])).toEqual({ median: 3, least: 1, most: 5, low: 2, high: 4, count: 5 });
  });

  it('interpolates between two values', () => {
    expect(summarize([1, 2])).toEqual({ median: 1.5, least: 1, most: 2, low: 1.25, high: 1.75, count: 2 });
  });

  it('is one value five times over for one value', () => {
    expect(summarize([7])).toEqual({ median: 7, least: 7, most: 7, low: 7, high: 7, count: 1 });
  });

  it('refuses to summarize nothing', () => {
    expect(() => summarize([])).toThrow('expected at least one value');
  });
});

describe('speedups', () => {
  const peer = (/** @type {number[]} */ ...values) => ({ time: summarize(values) });

  it("are the others' medians over ours", () => {
    expect(speedups({ ours: peer(2, 2, 100), eager: peer(4), compile: peer(1) })).toEqual({ eager: 2, compile: 0.5 });
  });

  it('are none for ours alone, and an error without ours', () => {
    expect(speedups({ ours: peer(2) })).toEqual({});
    expect(() => speedups({ eager: peer(2) })).toThrow('a peer called ours');
  });
});
