import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import type { LossTerm } from '@uniecs/losses';
import * as losses from '@uniecs/losses';
import { UniecsError } from '@uniecs/tensor';
import { checkTerm } from './check-term.js';

/** What a module's function is given, so that it need not import (perhaps another copy of) them: tfjs and the package of losses. */
const tools = { tf, losses };

/**
 * Loads a loss term from a user's JavaScript module: its default export, or its export `term`, is a `LossTerm`, or a function of
 * `{ tf, losses }` that returns one. The term is tried on a small batch before it is used.
 *
 * @throws UniecsError `file` where the module cannot be loaded, `argument` where it exports no working loss term
 */
export async function loadTerm(file: string): Promise<LossTerm> {
  const module = await loadModule(file);
  const exported = module.default ?? module.term;
  if (exported === undefined)
    throw noTerm(file, `a module that exports ${Object.keys(module).join(', ') || 'nothing'}`);
  const made = typeof exported === 'function' ? await callFactory(file, exported as Factory) : exported;
  if (!isTerm(made)) throw noTerm(file, described(made));
  checkTerm(made, file);
  return made;
}

type Factory = (given: typeof tools) => unknown;

async function loadModule(file: string): Promise<Record<string, unknown>> {
  try {
    return (await import(pathToFileURL(resolve(file)).href)) as Record<string, unknown>;
  } catch (cause) {
    throw new UniecsError({
      code: 'file',
      where: 'loadTerm',
      expected: `to load the module ${file}`,
      got: cause instanceof Error ? cause.message : String(cause),
      hint: 'pass a JavaScript module (ESM) that exports a loss term as its default',
      details: { file },
      cause,
    });
  }
}

async function callFactory(file: string, make: Factory): Promise<unknown> {
  try {
    return await make(tools);
  } catch (cause) {
    throw noTerm(file, `a function that throws: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
}

function isTerm(value: unknown): value is LossTerm {
  if (typeof value !== 'object' || value === null) return false;
  const { name, group, compute } = value as Partial<Record<keyof LossTerm, unknown>>;
  return [name, group].every((text) => typeof text === 'string' && text !== '') && typeof compute === 'function';
}

function described(value: unknown): string {
  if (typeof value !== 'object' || value === null) return typeof value;
  return `an object with ${Object.keys(value).join(', ') || 'nothing in it'}`;
}

function noTerm(file: string, got: string, cause?: unknown): UniecsError {
  return new UniecsError({
    code: 'argument',
    where: 'loadTerm',
    expected: `${file} to export a loss term { name, group, compute }, or a function that returns one`,
    got,
    hint: "see LossTerm of '@uniecs/losses'",
    details: { file },
    cause,
  });
}
