import { UniecsError } from '@uniecs/tensor';
import { exitCodeOf } from './exit-code.js';
import { type Io, say } from './terminal/io.js';
import { errorLine, writeLine } from './terminal/json-lines.js';

/**
 * Says an error on standard error and returns its exit code. An error of ours is one sentence and, where it is about several places, a
 * line for each (`details.list`); its stack is shown where `verbose`. Any other error is a fault of the program or the system.
 *
 * @param asLines as one line of JSON
 */
export function reportError(error: unknown, io: Io, verbose: boolean, asLines = false): number {
  if (asLines) {
    writeLine(io.stderr, errorLine(error, io, verbose));
    return exitCodeOf(error, io.signal);
  }
  if (UniecsError.isInstance(error)) {
    const { list } = error.details;
    if (Array.isArray(list)) for (const line of list) say(io, String(line));
    say(io, `error: expected ${error.expected}, got ${error.got}; ${error.hint}`);
  } else {
    say(io, `error: ${error instanceof Error ? error.message : String(error)}`);
    if (!verbose) say(io, 'this was not foreseen; --verbose shows where it comes from');
  }
  if (verbose) {
    for (let at: unknown = error; at instanceof Error; at = at.cause) say(io, at.stack ?? at.message);
  }
  return exitCodeOf(error, io.signal);
}
