import { join, resolve } from 'node:path';
import { UniecsError } from '@uniecs/tensor';
import { expect, it } from 'vitest';
import { inputsOf, inputsToStore } from './run-inputs.js';

const inputs = {
  train: 'data/train.jsonl',
  val: '/data/val.jsonl',
  images: 'pictures',
  term: 'terms/my.mjs',
  skipBad: true,
};

it('keeps paths relative to the folder of the run, and finds them from there', () => {
  const stored = inputsToStore('runs/first', inputs);
  expect(stored).toMatchObject({ train: join('..', '..', 'data', 'train.jsonl'), skipBad: true });
  const found = inputsOf('runs/first', {}, stored);
  for (const name of ['train', 'val', 'images', 'term'] as const) {
    expect(resolve(found[name] as string)).toBe(resolve(inputs[name]));
  }
  expect(found.skipBad).toBe(true);
  // The run's folder and its data, moved together.
  expect(resolve(inputsOf('elsewhere/runs/first', {}, stored).train)).toBe(resolve('elsewhere/data/train.jsonl'));
});

it('takes a flag before what is stored', () => {
  const stored = inputsToStore('runs/first', inputs);
  expect(inputsOf('runs/first', { train: 'other.jsonl' }, stored).train).toBe('other.jsonl');
  expect(inputsOf('runs/first', { train: 'a', val: 'b' })).toEqual({ train: 'a', val: 'b', skipBad: false });
});

it.each([
  [{}, 'no --train'],
  [{ train: 'a' }, 'no --val'],
])('%o: refuses, with %s', (flags, got) => {
  try {
    inputsOf('runs/first', flags, { train: 3 });
  } catch (error) {
    expect(UniecsError.isInstance(error) && error).toMatchObject({ code: 'argument', got });
    return;
  }
  throw new Error('it was accepted');
});
