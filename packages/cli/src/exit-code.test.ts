import { type ErrorCode, UniecsError } from '@uniecs/tensor';
import { expect, it } from 'vitest';
import { afterStart, exitCodeOf } from './exit-code.js';
import { reportError } from './report-error.js';

function error(code: ErrorCode, cause?: unknown, details: Record<string, unknown> = {}): UniecsError {
  return new UniecsError({ code, where: 'f', expected: 'a number', got: 'none', hint: 'give one', cause, details });
}

it.each([
  ['argument', 2],
  ['shape', 2],
  ['data', 2],
  ['unsupported', 2],
  ['file', 2],
  ['numeric', 1],
  ['unavailable', 1],
  ['interrupted', 130],
] as const)('an error of code %s exits %d', (code, exit) => {
  expect(exitCodeOf(error(code))).toBe(exit);
});

it.each([
  ['ENOENT', 2],
  ['EACCES', 2],
  ['EISDIR', 2],
  ['ENOSPC', 1],
  ['EIO', 1],
])('a file error that comes of %s exits %d', (code, exit) => {
  const system = Object.assign(new Error('system'), { code });
  expect(exitCodeOf(error('file', error('file', system)))).toBe(exit);
});

it.each(['ENOENT', 'EACCES', 'EROFS', 'ENOSPC'])('a file that is refused with %s after the start exits 1', (code) => {
  const refused = error('file', Object.assign(new Error('system'), { code }));
  expect(exitCodeOf(afterStart(refused))).toBe(1);
  expect(afterStart(refused)).toMatchObject({ code: 'file', message: refused.message, cause: refused });
});

it('any other error after the start is as it was', () => {
  for (const other of [error('data'), error('interrupted'), new TypeError('bug')])
    expect(afterStart(other)).toBe(other);
});

it('SIGTERM exits 143, SIGHUP 129', () => {
  expect(exitCodeOf(error('interrupted'), AbortSignal.abort('SIGTERM'))).toBe(143);
  expect(exitCodeOf(error('interrupted'), AbortSignal.abort('SIGINT'))).toBe(130);
  expect(exitCodeOf(error('interrupted'), AbortSignal.abort('SIGHUP'))).toBe(129);
});

it('anything that is not ours exits 1', () => {
  expect(exitCodeOf(new TypeError('bug'))).toBe(1);
  expect(exitCodeOf('text')).toBe(1);
});

function reported(thrown: unknown, verbose: boolean): string {
  let text = '';
  const stderr = { write: (chunk: string) => (text += chunk) };
  reportError(thrown, { stdout: stderr, stderr, signal: new AbortController().signal }, verbose);
  return text;
}

it('an error of ours is a sentence without a stack', () => {
  expect(reported(error('argument'), false)).toBe('error: expected a number, got none; give one\n');
});

it('places that an error is about stand before it', () => {
  const thrown = error('data', undefined, { list: ['a.jsonl:1: bad', 'a.jsonl:2: bad'] });
  expect(reported(thrown, false)).toBe(
    'a.jsonl:1: bad\na.jsonl:2: bad\nerror: expected a number, got none; give one\n',
  );
});

it('verbose shows the stacks of the error and its causes', () => {
  const text = reported(error('argument', new TypeError('deep')), true);
  expect(text).toContain('UniecsError: f: expected a number');
  expect(text).toContain('TypeError: deep');
  expect(text).toContain('exit-code.test.ts');
});

it('a fault of the program says how to see more', () => {
  expect(reported(new TypeError('bug'), false)).toContain('--verbose');
});
