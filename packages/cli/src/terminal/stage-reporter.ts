import type { StageEvent } from '@uniecs/retrieval';
import { rate } from './duration.js';
import type { OutputStream } from './io.js';
import { progressLine } from './progress-line.js';
import { statusLine } from './status-line.js';

/** Tells a person how the stages of a recipe's runs go. */
export interface StageReporter {
  onEvent(event: StageEvent): void;
  note(text: string): void;
  end(): void;
}

/** How often a step is told where lines cannot be rewritten: this many lines a stage. */
const linesPerStage = 20;

/** A progress line on a terminal, elsewhere a line every so many steps. */
export function stageReporter(stream: OutputStream, clock: () => number = () => performance.now()): StageReporter {
  const line = statusLine(stream, clock);
  let pace: number | undefined;
  return {
    onEvent(event) {
      const { stage, step, totalSteps, pairsPerSecond } = event;
      const label = `${stage}  step ${step}/${totalSteps}`;
      if (event.type === 'skipped') {
        line.print(`${label}  skipped: ${event.reason}`);
        return;
      }
      pace = pace === undefined || step === 1 ? pairsPerSecond : 0.8 * pace + 0.2 * pairsPerSecond;
      const loss = `loss ${event.loss.toFixed(4)}`;
      if (line.live) {
        const state = { label, done: step, total: totalSteps, perSecond: pace, unit: 'queries', extras: [loss] };
        line.show((width) => progressLine(state, width));
      } else if (step === totalSteps || step % Math.ceil(totalSteps / linesPerStage) === 0) {
        line.print(`${label}  ${loss}  ${rate(pace)} queries/s`);
      }
    },
    note: (text) => line.print(text),
    end: () => line.clear(),
  };
}
