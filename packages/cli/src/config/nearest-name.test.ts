import { expect, it } from 'vitest';
import { nearestName, suggestion } from './nearest-name.js';

const known = ['learningRate', 'batchSize', 'microBatch', 'epochs', 'steps', 'seed', 'size'];

it.each([
  ['learning_rate', 'learningRate'],
  ['learning-rate', 'learningRate'],
  ['lerningrate', 'learningRate'],
  ['batchsize', 'batchSize'],
  ['bathcSize', 'batchSize'],
  ['epoch', 'epochs'],
  ['sede', 'seed'],
  ['sise', 'size'],
])('%s means %s', (typed, meant) => {
  expect(nearestName(typed, known)).toBe(meant);
});

it.each(['', 'optimizer', 'temperature', 'xyz'])('%j means nothing near', (typed) => {
  expect(nearestName(typed, known)).toBeUndefined();
});

it('a swap of neighbours counts as one edit, not two', () => {
  expect(nearestName('ab', ['ba'])).toBe('ba');
  expect(nearestName('ab', ['cd'])).toBeUndefined();
});

it('lists what is known where nothing is near', () => {
  expect(suggestion('xyz', ['a', 'b'])).toBe('known are a, b');
  expect(suggestion('epoch', known)).toBe('did you mean epochs?');
});
