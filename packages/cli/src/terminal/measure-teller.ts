import type { MeasureProgress } from '@uniecs/retrieval';
import type { Io } from './io.js';
import { writeLine } from './json-lines.js';
import { type Progress, progress } from './progress.js';

/** Tells how far the measurement of models is: in a line of progress, or in lines of JSON. */
export function measureTeller(io: Io, asLines: boolean): { update(at: MeasureProgress): void; end(): void } {
  let shown: { readonly of: string; readonly progress: Progress } | undefined;
  const end = () => {
    shown?.progress.end();
    shown = undefined;
  };
  return {
    update(at) {
      if (asLines) {
        writeLine(io.stderr, { type: 'measure', ...at });
        return;
      }
      const { name, what, done, total } = at;
      const of = `${name}: ${what}`;
      if (shown?.of !== of) {
        end();
        shown = { of, progress: progress(io, name, what) };
      }
      shown.progress.update(done, total);
    },
    end,
  };
}
