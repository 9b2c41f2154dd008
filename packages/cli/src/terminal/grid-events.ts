import type { AblationEvent } from '@uniecs/retrieval';
import type { LogLine } from './json-lines.js';
import type { TrainReporter } from './train-reporter.js';

/** An event of a grid as a line of JSON: what a run tells has the folder of its cell beside it. */
export function gridLine(event: AblationEvent): LogLine {
  if (event.type === 'training') return { ...event.event, cell: event.cell.folder };
  if (event.type === 'grid') return event;
  const { cell, ...rest } = event;
  const { arm, seed, folder } = cell;
  return { ...rest, cell: folder, arm, seed };
}

/** Tells a person the events of a grid. */
export function gridTeller(reporter: TrainReporter): (event: AblationEvent) => void {
  let cells = 0;
  return (event) => {
    if (event.type === 'training') {
      reporter.onEvent(event.event);
    } else if (event.type === 'grid') {
      cells = event.cells;
      reporter.note(`${event.cells} runs, ${event.finished} of them done before`);
    } else {
      const { cell, place, status, reason } = event;
      const said = {
        started: undefined,
        finished: 'done',
        done: 'done by another process',
        busy: 'passed over: another process is at it',
        interrupted: 'stopped',
        failed: `failed: ${reason}`,
      }[status];
      reporter.note(`[${place}/${cells}] ${cell.arm}, seed ${cell.seed}${said === undefined ? '' : `: ${said}`}`);
    }
  };
}
