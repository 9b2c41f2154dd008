import { InvalidArgumentError } from 'commander';
import { nearestName } from '../config/nearest-name.js';

/** A parser of whole numbers from `least` on. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text.trim()) && Number.isSafeInteger(value) && value >= least) return value;
    throw new InvalidArgumentError(`Expected a whole number from ${least}.`);
  };
}

/** Parses a number above 0. */
export function positiveNumber(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError('Expected a number above 0.');
}

/** Parses a number from 0. */
export function fromZero(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value >= 0) return value;
  throw new InvalidArgumentError('Expected a number from 0.');
}

/** Parses a share, 0 to 1. */
export function share(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= 0 && value <= 1) return value;
  throw new InvalidArgumentError('Expected a number from 0 to 1.');
}

/** Takes any text that is not blank. */
export function notBlank(text: string): string {
  if (text.trim() !== '') return text;
  throw new InvalidArgumentError('Expected some text.');
}

/** Parses names with commas between. */
export function nameList(text: string): string[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.every((name) => name !== '')) return names;
  throw new InvalidArgumentError('Expected names with commas between.');
}

/**
 * A parser of one of several names.
 *
 * @param supported what this version has
 * @param later what the command line knows, but this version does not have
 */
export function choice<Name extends string>(
  supported: readonly Name[],
  later: readonly string[] = [],
): (text: string) => Name {
  return (text) => {
    const found = supported.find((name) => name === text);
    if (found !== undefined) return found;
    if (later.includes(text)) throw new InvalidArgumentError(`This version has only ${supported.join(' and ')}.`);
    const nearest = nearestName(text, supported);
    throw new InvalidArgumentError(nearest ? `Did you mean ${nearest}?` : `Choose ${supported.join(' or ')}.`);
  };
}

/** How much the picture and how much the words of a query count. */
export interface QueryWeights {
  readonly image: number;
  readonly text: number;
}

/** Parses `image=0.3,text=0.7`; a side that is left out counts 0. */
export function queryWeights(text: string): QueryWeights {
  const weights: Record<string, number> = {};
  for (const part of text.split(',')) {
    const [, side, value] = /^\s*(image|text)\s*=\s*(\S+)\s*$/.exec(part) ?? [];
    const number = Number(value);
    if (side === undefined || weights[side] !== undefined || !Number.isFinite(number) || number < 0) {
      throw new InvalidArgumentError('Expected image=X,text=Y with numbers from 0.');
    }
    weights[side] = number;
  }
  const { image = 0, text: words = 0 } = weights;
  if (image + words === 0) throw new InvalidArgumentError('At least one weight must be above 0.');
  return { image, text: words };
}

/** A parser of a file name that must end in one of these. */
export function fileEndingIn(endings: readonly string[]): (text: string) => string {
  return (text) => {
    if (endings.some((ending) => text.toLowerCase().endsWith(ending))) return text;
    throw new InvalidArgumentError(`Expected a file name that ends in ${endings.join(' or ')}.`);
  };
}

/** Parses a cosine, -1 to 1. */
export function cosine(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= -1 && value <= 1) return value;
  throw new InvalidArgumentError('Expected a number from -1 to 1.');
}

/** Parses the shares of train, val and test, `0.8,0.1,0.1`. */
export function splitShares(text: string): { readonly train: number; readonly val: number; readonly test: number } {
  const shares = text.split(',').map((part) => (part.trim() === '' ? Number.NaN : Number(part)));
  const [train, val, test] = shares;
  const sum = shares.reduce((total, share) => total + share, 0);
  if (shares.length === 3 && shares.every((share) => share >= 0) && Math.abs(sum - 1) < 1e-9) {
    return { train: train as number, val: val as number, test: test as number };
  }
  throw new InvalidArgumentError('Expected three shares that add up to 1, as 0.8,0.1,0.1.');
}
