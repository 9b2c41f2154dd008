/** Where a command writes: a process stream, or a test's collector. */
export interface OutputStream {
  write(text: string): unknown;
  readonly isTTY?: boolean;
  readonly columns?: number;
}

/** What a command runs with: results go to `stdout`, progress and messages to `stderr`, `signal` asks it to stop. */
export interface Io {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly signal: AbortSignal;
}

/** Whether a line on the stream can be rewritten. */
export function isLive(stream: OutputStream): boolean {
  return stream.isTTY === true && process.env.TERM !== 'dumb';
}

/** Columns of the stream's terminal; 80 where it does not say. */
export function widthOf(stream: OutputStream): number {
  return stream.columns || 80;
}

/** Writes a line of results. */
export function print(io: Io, line: string): void {
  io.stdout.write(`${line}\n`);
}

/** Writes a line of messages. */
export function say(io: Io, line: string): void {
  io.stderr.write(`${line}\n`);
}

// What a hostile title could send to a terminal, line breaks included.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const controlCharacters = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g;

/** Text of the user's data as it may stand on a terminal's line. */
export function harmless(text: string): string {
  return text.replace(controlCharacters, ' ');
}
