import type { EvaluationReport } from '@uniecs/mbeer';
import type { FeaturesEvent, StepEvent, TrainEvent } from '@uniecs/retrieval';
import { percent } from './data-wait.js';
import { duration, rate } from './duration.js';
import type { OutputStream } from './io.js';
import { writeLine } from './json-lines.js';
import { progressLine } from './progress-line.js';
import { statusLine } from './status-line.js';

/** Tells a run's events to a person or a program. */
export interface TrainReporter {
  onEvent(event: TrainEvent): void;
  /** Something that is no event of the run, the device say. */
  note(text: string): void;
  end(): void;
}

/** Every event as a JSON line. */
export function jsonlReporter(stream: OutputStream): TrainReporter {
  return {
    onEvent: (event) => writeLine(stream, { ...event }),
    note: (text) => writeLine(stream, { type: 'note', text }),
    end: () => {},
  };
}

/** How often a step is told where lines cannot be rewritten: this many lines a run. */
const linesPerRun = 50;

/** A progress line on a terminal, elsewhere a line every so many steps; both with a line a validation. */
export function prettyReporter(stream: OutputStream, clock: () => number = () => performance.now()): TrainReporter {
  const line = statusLine(stream, clock);
  let smoothed: { readonly pace: number; readonly wait: number } | undefined;
  let everySteps = 1;
  let told = 0;

  function step(event: StepEvent): void {
    const mean = (before: number | undefined, now: number) => (before === undefined ? now : 0.8 * before + 0.2 * now);
    const pace = mean(smoothed?.pace, event.pairsPerSecond);
    smoothed = { pace, wait: mean(smoothed?.wait, event.dataWait) };
    const label = `epoch ${event.epoch}  step ${event.step}/${event.totalSteps}`;
    const loss = `loss ${event.loss.toFixed(4)}`;
    const wait = `data wait ${percent(smoothed.wait)}`;
    if (line.live) {
      const { step: done, totalSteps: total, secondsLeft } = event;
      const state = { label, done, total, perSecond: pace, unit: 'pairs', secondsLeft, extras: [loss, wait] };
      line.show((width) => progressLine(state, width));
    } else if (event.step % everySteps === 0 || event.step === event.totalSteps) {
      line.print(`${label}  ${loss}  ${rate(pace)} pairs/s  ${wait}  ${duration(event.secondsLeft)} left`);
    }
  }

  function features({ done, total, itemsPerSecond }: FeaturesEvent): void {
    const secondsLeft = (total - done) / itemsPerSecond;
    const state = { label: 'token features', done, total, perSecond: itemsPerSecond, unit: 'items', secondsLeft };
    if (line.live) line.show((width) => progressLine(state, width));
    // A tenth at a time.
    else if (done === total || done >= told + total / 10) {
      told = done;
      line.print(`token features ${done}/${total}  ${rate(itemsPerSecond)} items/s  ${duration(secondsLeft)} left`);
    }
  }

  return {
    onEvent(event) {
      if (event.type === 'start') {
        everySteps = Math.max(1, Math.ceil(event.totalSteps / linesPerRun));
        const size = `${(event.parameters / 1e6).toFixed(2)} M parameters`;
        const from = event.resumedFrom === undefined ? '' : `, resumed after step ${event.resumedFrom}`;
        line.print(`${event.pairs} pairs, ${size}, ${event.totalSteps} steps, ${event.stepsPerEpoch} an epoch${from}`);
      } else if (event.type === 'step') {
        step(event);
      } else if (event.type === 'validation') {
        const { epoch, step: at, report, isBest, seconds } = event;
        const best = isBest ? ', the best so far' : '';
        line.print(`epoch ${epoch}  step ${at}  validation: mean ${recalls(report)}${best} (${duration(seconds)})`);
      } else if (event.type === 'skipped') {
        line.print(`step ${event.step}  skipped: ${event.reason}`);
      } else if (event.type === 'saveFailed') {
        line.print(`step ${event.step}  the ${event.what} could not be saved, the run goes on: ${event.reason}`);
      } else if (event.type === 'features') {
        features(event);
      } else if (event.type === 'note') {
        line.print(event.text);
      }
    },
    note: (text) => line.print(text),
    end: () => line.clear(),
  };
}

function recalls({ mean }: EvaluationReport): string {
  return Object.entries(mean)
    .map(([name, value]) => `${name} ${value === null ? '-' : value.toFixed(3)}`)
    .join('  ');
}
