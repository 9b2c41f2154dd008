import { expect, it } from 'vitest';
import { type ErrorCode, UniecsError } from './errors.js';

const fields = { code: 'shape', where: 'f', expected: 'a', got: 'b', hint: 'do c' } as const;

it('says where, what was expected, what came and what to do', () => {
  const error = new UniecsError({ ...fields, details: { axis: 1 } });
  expect(error.message).toBe('f: expected a, got b; do c');
  expect(error).toMatchObject({ ...fields, details: { axis: 1 }, name: 'UniecsError' });
  expect(error).toBeInstanceOf(Error);
  expect(error.stack).toContain('errors.test');
});

it('has empty details and no cause unless given', () => {
  const error = new UniecsError(fields);
  expect(error.details).toEqual({});
  expect('cause' in error).toBe(false);
  const cause = new Error('why');
  expect(new UniecsError({ ...fields, cause }).cause).toBe(cause);
});

it('is recognised by its mark, also from another copy of the package', () => {
  expect(UniecsError.isInstance(new UniecsError(fields))).toBe(true);
  const foreign = Object.assign(new Error('x'), { [Symbol.for('uniecs.error')]: true });
  expect(UniecsError.isInstance(foreign)).toBe(true);
  for (const other of [new Error('x'), null, undefined, 'uniecs.error', { ...fields, name: 'UniecsError' }]) {
    expect(UniecsError.isInstance(other)).toBe(false);
  }
});

it('has a code for each kind of failure', () => {
  const codes: Record<ErrorCode, true> = {
    argument: true,
    shape: true,
    data: true,
    file: true,
    numeric: true,
    unsupported: true,
    unavailable: true,
    interrupted: true,
  };
  for (const code of Object.keys(codes) as ErrorCode[]) expect(new UniecsError({ ...fields, code }).code).toBe(code);
});
