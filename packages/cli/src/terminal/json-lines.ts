import { format } from 'node:util';
import { UniecsError } from '@uniecs/tensor';
import { exitCodeOf } from '../exit-code.js';
import type { Io, OutputStream } from './io.js';

/** Whether a command line asks for JSON lines: known before it is parsed, since what is wrong with it is told in one, too. */
export function asksForLines(argv: readonly string[]): boolean {
  const flag = '--log-format';
  const last = argv.findLastIndex((word) => word === flag || word.startsWith(`${flag}=`));
  if (last < 0 || !['train', 'ablate', 'beyond-text', 'reproduce'].some((command) => argv.includes(command)))
    return false;
  return argv[last] === flag ? argv[last + 1] === 'jsonl' : argv[last] === `${flag}=jsonl`;
}

/** A line of the log: its type, and what belongs to that. */
export type LogLine = Readonly<Record<string, unknown>> & { readonly type: string };

/** Writes an object as a line of JSON. */
export function writeLine(stream: OutputStream, line: LogLine): void {
  stream.write(`${JSON.stringify(line)}\n`);
}

/**
 * The line of an error: `code` is that of a `UniecsError`, `internal` for any other; `message` is the sentence that is printed otherwise;
 * `list`, where there is one, holds the places that it is about.
 */
export function errorLine(error: unknown, { signal }: Pick<Io, 'signal'>, verbose: boolean): LogLine {
  const exitCode = exitCodeOf(error, signal);
  const stack = verbose && error instanceof Error ? { stack: error.stack } : {};
  if (!UniecsError.isInstance(error)) {
    const message = error instanceof Error ? error.message : String(error);
    return { type: 'error', code: 'internal', message, exitCode, ...stack };
  }
  const { code, where, expected, got, hint, details } = error;
  const message = `expected ${expected}, got ${got}; ${hint}`;
  const list = Array.isArray(details.list) ? { list: details.list.map(String) } : {};
  return { type: 'error', code, message, where, expected, got, hint, ...list, exitCode, ...stack };
}

/**
 * Sees to it that whatever a process writes by itself is a line of JSON as well: warnings of Node, what a module of the user's or a
 * library prints, an error that nobody caught. For a program's start.
 */
export function onlyLines(stream: OutputStream): void {
  // Node prints warnings through a listener of its own.
  process.removeAllListeners('warning');
  process.on('warning', ({ name, message }) => writeLine(stream, { type: 'warning', name, text: message }));
  for (const method of ['debug', 'log', 'info', 'warn', 'error'] as const) {
    console[method] = (...words: unknown[]) => writeLine(stream, { type: 'note', text: format(...words) });
  }
  process.on('uncaughtException', (error) => {
    writeLine(stream, errorLine(error, new AbortController(), true));
    process.exit(1);
  });
}
