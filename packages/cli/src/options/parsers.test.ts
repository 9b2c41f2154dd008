import { InvalidArgumentError } from 'commander';
import { expect, it } from 'vitest';
import { choice, fileEndingIn, nameList, notBlank, positiveNumber, queryWeights, wholeNumber } from './parsers.js';

const positive = wholeNumber(1);

it.each(['1', '10', ' 7 '])('%j is a whole number', (text) => {
  expect(positive(text)).toBe(Number(text));
});

it.each(['', '0', '-1', '1.5', '1e3', '0x10', 'ten', 'NaN', 'Infinity', '9007199254740993'])(
  '%j is no whole number from 1',
  (text) => {
    expect(() => positive(text)).toThrow(InvalidArgumentError);
  },
);

it.each(['', ' ', '0', '-1', 'x', 'Infinity', 'NaN'])('%j is no number above 0', (text) => {
  expect(() => positiveNumber(text)).toThrow(InvalidArgumentError);
});

it('takes numbers as people write them', () => {
  expect(positiveNumber('1e-3')).toBe(0.001);
  expect(positiveNumber('.5')).toBe(0.5);
});

it('splits names at commas', () => {
  expect(nameList('CLAL, V2V')).toEqual(['CLAL', 'V2V']);
  expect(() => nameList('CLAL,,V2V')).toThrow(InvalidArgumentError);
});

it('a choice suggests, lists, and says what is not in this version', () => {
  const size = choice(['tiny', 'small'], ['huge']);
  expect(size('tiny')).toBe('tiny');
  expect(() => size('tinny')).toThrow('Did you mean tiny?');
  expect(() => size('quantum')).toThrow('Choose tiny or small.');
  expect(() => size('huge')).toThrow('This version has only tiny and small.');
});

it.each([
  ['image=0.3,text=0.7', { image: 0.3, text: 0.7 }],
  ['text=1', { image: 0, text: 1 }],
  [' text = 2 , image=1', { image: 1, text: 2 }],
])('%s are weights', (text, weights) => {
  expect(queryWeights(text)).toEqual(weights);
});

it.each([
  '',
  'image',
  'image=',
  'image=x',
  'image=-1',
  'image=1,image=2',
  'fused=1',
  'image=0,text=0',
  'image=1;text=1',
])('%j are no weights', (text) => {
  expect(() => queryWeights(text)).toThrow(InvalidArgumentError);
});

it('holds a file name to its endings', () => {
  expect(fileEndingIn(['.parquet'])('A.PARQUET')).toBe('A.PARQUET');
  expect(() => fileEndingIn(['.parquet', '.npy'])('a.csv')).toThrow('.parquet or .npy');
});

it('refuses blank text', () => {
  expect(notBlank(' a')).toBe(' a');
  expect(() => notBlank(' ')).toThrow(InvalidArgumentError);
});
