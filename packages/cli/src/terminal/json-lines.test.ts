import { UniecsError } from '@uniecs/tensor';
import { expect, it } from 'vitest';
import { asksForLines, errorLine } from './json-lines.js';

it.each([
  [['train', '--log-format', 'jsonl'], true],
  [['--verbose', 'train', '--log-format=jsonl', '--stepz'], true],
  [['train', '--log-format', 'jsonl', '--log-format', 'pretty'], false],
  [['train', '--log-format'], false],
  [['train'], false],
  [['ablate', '--out', 'x', '--log-format', 'jsonl'], true],
  [['eval', '--log-format', 'jsonl'], false],
])('%j asks for lines: %s', (argv, asks) => {
  expect(asksForLines(argv)).toBe(asks);
});

it('an error of ours keeps its parts, and the places that it is about', () => {
  const parts = { code: 'data', where: 'f', expected: 'a', got: 'b', hint: 'c' } as const;
  const error = new UniecsError({ ...parts, details: { list: ['x.jsonl:1: bad'] } });
  const io = { signal: new AbortController().signal };
  const message = 'expected a, got b; c';
  const line = { type: 'error', ...parts, message, list: ['x.jsonl:1: bad'], exitCode: 2 };
  expect(errorLine(error, io, false)).toEqual(line);
  expect(errorLine(error, io, true)).toEqual({ ...line, stack: expect.stringContaining('json-lines.test.ts') });
});

it('any other error is internal', () => {
  const io = { signal: new AbortController().signal };
  expect(errorLine(new TypeError('bug'), io, false)).toEqual({
    type: 'error',
    code: 'internal',
    message: 'bug',
    exitCode: 1,
  });
  expect(errorLine('text', io, true)).toEqual({ type: 'error', code: 'internal', message: 'text', exitCode: 1 });
});
