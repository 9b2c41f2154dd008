import { isLive, type OutputStream, widthOf } from './io.js';

/** A line at the bottom of the terminal that is rewritten in place; lines printed meanwhile stand above it. */
export interface StatusLine {
  /** Whether the stream shows it at all. */
  readonly live: boolean;
  /** Draws the line for the width at hand; at most ten times a second. */
  show(line: (width: number) => string): void;
  /** Writes a line that stays. */
  print(text: string): void;
  /** Takes the line away. */
  clear(): void;
}

const eraseLine = '\r\u001b[2K';
const shortestWait = 100;

/** @param clock milliseconds */
export function statusLine(stream: OutputStream, clock: () => number = () => performance.now()): StatusLine {
  const live = isLive(stream);
  let shown = false;
  let last = Number.NEGATIVE_INFINITY;
  const clear = () => {
    if (shown) stream.write(eraseLine);
    shown = false;
  };
  return {
    live,
    show(line) {
      const now = clock();
      if (!live || now - last < shortestWait) return;
      last = now;
      // The last column stays free: some terminals wrap there.
      stream.write(`${eraseLine}${line(Math.max(1, widthOf(stream) - 1))}`);
      shown = true;
    },
    print(text) {
      clear();
      stream.write(`${text}\n`);
      last = Number.NEGATIVE_INFINITY;
    },
    clear,
  };
}
