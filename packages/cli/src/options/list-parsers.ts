import type { Attribute, AttributeFields } from '@uniecs/mbeer';
import { InvalidArgumentError } from 'commander';
import { choice, wholeNumber } from './parsers.js';

/** A parser of several of some names, with commas between. */
export function choices<Name extends string>(names: readonly Name[]): (text: string) => Name[] {
  const one = choice(names);
  return (text) => once(parts(text).map(one));
}

/** A parser of whole numbers from `least` on, with commas between. */
export function wholeNumbers(least: number): (text: string) => number[] {
  const one = wholeNumber(least);
  return (text) => once(parts(text).map(one));
}

/** Parses numbers from 0 to 1 with commas between. */
export function shares(text: string): number[] {
  const values = parts(text).map((part) => (part === '' ? Number.NaN : Number(part)));
  if (values.every((value) => value >= 0 && value <= 1)) return once(values);
  throw new InvalidArgumentError('Expected numbers from 0 to 1 with commas between.');
}

/** Parses `type=kind,colour=colour,usage=audience`, all three. */
export function attributeFields(text: string): AttributeFields {
  const names: readonly Attribute[] = ['type', 'colour', 'usage'];
  const fields = new Map(parts(text).map((part) => part.split('=').map((side) => side.trim()) as [string, string]));
  const whole = fields.size === names.length && names.every((name) => fields.get(name));
  if (whole) return Object.fromEntries(fields) as AttributeFields;
  throw new InvalidArgumentError('Expected type=X,colour=Y,usage=Z with names of fields.');
}

function parts(text: string): string[] {
  return text.split(',').map((part) => part.trim());
}

function once<T>(values: T[]): T[] {
  const repeated = values.find((value, i) => values.indexOf(value) !== i);
  if (repeated === undefined) return values;
  throw new InvalidArgumentError(`${repeated} stands there twice.`);
}
