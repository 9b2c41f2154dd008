import { duration, rate } from './duration.js';
import { type Io, say } from './io.js';
import { progressLine } from './progress-line.js';
import { statusLine } from './status-line.js';

/** Shows how far a piece of work is. */
export interface Progress {
  update(done: number, total: number): void;
  /** Takes the line away, or says the last word. */
  end(): void;
}

/** Between two lines where they cannot be rewritten. */
const secondsBetweenLines = 10;

/**
 * Progress of one piece of work on standard error: a rewritten line on a terminal, elsewhere a line every ten seconds.
 *
 * @param label what is done, `embedding`
 * @param unit of what, `items`
 * @param clock milliseconds
 */
export function progress(io: Io, label: string, unit: string, clock: () => number = () => performance.now()): Progress {
  const begin = clock();
  const line = statusLine(io.stderr, clock);
  let lastLine = begin;
  return {
    update(done, total) {
      const now = clock();
      const seconds = (now - begin) / 1000;
      const perSecond = seconds > 0 ? done / seconds : undefined;
      const secondsLeft = perSecond ? (total - done) / perSecond : undefined;
      if (line.live) {
        const state = { label: `${label} ${done}/${total}`, done, total, perSecond, unit, secondsLeft };
        line.show((width) => progressLine(state, width));
      } else if (now - lastLine >= secondsBetweenLines * 1000) {
        lastLine = now;
        say(
          io,
          `${label} ${done}/${total} ${unit}, ${rate(perSecond ?? 0)} a second, ${duration(secondsLeft ?? 0)} left`,
        );
      }
    },
    end: () => line.clear(),
  };
}
