#!/usr/bin/env node
import { run } from './run.js';
import { asksForLines, onlyLines, writeLine } from './terminal/json-lines.js';

const stop = new AbortController();
const codes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
const argv = process.argv.slice(2);
const asLines = asksForLines(argv);
if (asLines) onlyLines(process.stderr);

for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(name, () => {
    // A terminal that closes may say so twice, by its shell and by the system: nobody asks for haste.
    if (stop.signal.aborted && name === 'SIGHUP') return;
    if (stop.signal.aborted) process.exit(codes[name]);
    const text = 'stopping; once more stops at once';
    if (asLines) writeLine(process.stderr, { type: 'note', text });
    else process.stderr.write(`\n${text}\n`);
    stop.abort(name);
  });
}

// A reader that has seen enough (`uniecs search | head`), or a terminal that is gone, is no error: the work goes on to its end and its
// exit code stands. Anything else that keeps results from being written is one.
let lost: Error | undefined;
for (const stream of [process.stdout, process.stderr]) {
  stream.on('error', (error: NodeJS.ErrnoException) => {
    const gone = stop.signal.reason === 'SIGHUP' || error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED';
    if (!gone && stream === process.stdout) lost ??= error;
  });
}

const code = await run(argv, { stdout: process.stdout, stderr: process.stderr, signal: stop.signal });
await Promise.all([process.stdout, process.stderr].map((s) => new Promise<void>((done) => s.write('', () => done()))));
if (lost) {
  const message = `the results could not be written: ${lost.message}`;
  if (asLines) writeLine(process.stderr, { type: 'error', code: 'file', message, exitCode: 1 });
  else process.stderr.write(`error: ${message}\n`);
}
process.exit(lost ? 1 : code);
