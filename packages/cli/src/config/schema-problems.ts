import { z } from 'zod';
import { suggestion } from './nearest-name.js';

/** What is wrong at one place of a value. */
export interface SchemaProblem {
  readonly path: readonly PropertyKey[];
  readonly reason: string;
}

type Issue = z.core.$ZodIssue;

/**
 * What is wrong with a value, in words: an unknown key with the nearest known one, a wrong type or name with what was expected and
 * what was there. Empty where nothing is.
 */
export function schemaProblems(schema: z.ZodType, value: unknown): SchemaProblem[] {
  const result = schema.safeParse(value);
  return result.success ? [] : result.error.issues.flatMap((issue) => problemsOf(issue, [], schema, value));
}

function problemsOf(issue: Issue, base: readonly PropertyKey[], schema: z.ZodType, value: unknown): SchemaProblem[] {
  const path = [...base, ...issue.path];
  if (issue.code === 'unrecognized_keys') {
    const known = keysAt(schema, path);
    return issue.keys.map((key) => ({ path: [...path, key], reason: `unknown key; ${suggestion(key, known)}` }));
  }
  if (issue.code === 'invalid_union') {
    const inside = issue.errors.find((branch) => branch.every((inner) => inner.path.length > 0 || isKeyIssue(inner)));
    const isTable = typeof valueAt(value, path) === 'object';
    if (inside && isTable) return inside.flatMap((inner) => problemsOf(inner, path, schema, value));
  }
  const got = describe(valueAt(value, path));
  if (issue.code === 'invalid_value') {
    const names = issue.values.map(String);
    const there = valueAt(value, path);
    const hint = typeof there === 'string' ? ` (${suggestion(there, names)})` : '';
    return [{ path, reason: `expected ${names.join(' or ')}, got ${got}${hint}` }];
  }
  if (issue.code === 'invalid_union') return [{ path, reason: `${issue.message}, got ${got}` }];
  return [{ path, reason: `expected ${expectation(issue)}, got ${got}` }];
}

function isKeyIssue(issue: Issue): boolean {
  return issue.code === 'unrecognized_keys';
}

const typeNames: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  string: 'text',
  boolean: 'true or false',
  object: 'keys with values',
  record: 'keys with values',
  array: 'a list',
  tuple: 'a list of two numbers',
};

function expectation(issue: Issue): string {
  if (issue.code === 'invalid_type') return typeNames[issue.expected] ?? issue.expected;
  if (issue.code === 'too_small') {
    if (issue.origin === 'array') return 'a list of two numbers';
    return issue.inclusive ? `at least ${issue.minimum}` : `more than ${issue.minimum}`;
  }
  if (issue.code === 'too_big') {
    if (issue.origin === 'array') return 'a list of two numbers';
    return issue.inclusive ? `at most ${issue.maximum}` : `less than ${issue.maximum}`;
  }
  return issue.message;
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return 'nothing';
  if (Array.isArray(value)) return value.length === 1 ? 'a list of one' : `a list of ${value.length}`;
  if (typeof value === 'object') return 'keys with values';
  return typeof value === 'string' ? `'${value}'` : String(value);
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at = value;
  for (const key of path) at = (at as Record<PropertyKey, unknown> | null | undefined)?.[key];
  return at;
}

/** The keys that an object may have at a place of a schema, through options, unions and records. */
function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let at: z.core.$ZodType[] = [schema];
  for (const key of path) {
    at = at.flatMap(alternatives).flatMap((one) => {
      if (one instanceof z.ZodRecord) return [one.valueType];
      return one instanceof z.ZodObject ? (one.shape[String(key)] ?? []) : [];
    });
  }
  return at.flatMap(alternatives).flatMap((one) => (one instanceof z.ZodObject ? Object.keys(one.shape) : []));
}

function alternatives(schema: z.core.$ZodType): z.core.$ZodType[] {
  if (schema instanceof z.ZodOptional) return alternatives(schema.unwrap());
  return schema instanceof z.ZodUnion ? schema.options.flatMap(alternatives) : [schema];
}
