import { duration, rate } from './duration.js';

/** What a line of progress shows. */
export interface ProgressState {
  readonly label: string;
  readonly done: number;
  readonly total: number;
  /** Per second. */
  readonly perSecond?: number | undefined;
  readonly unit: string;
  readonly secondsLeft?: number | undefined;
  /** What else is worth seeing, a loss say; the last of them is the first to go where there is no room. */
  readonly extras?: readonly string[] | undefined;
}

const gap = '  ';
const narrowestBar = 10;
const widestBar = 30;

/**
 * One line of at most `width` characters: `label  [======>      ]  30 %  84.1 pairs/s  4 min 10 s left  extras`. Where the room is short,
 * the bar goes first, then `extras`, the rate and the time left; the label is cut last.
 */
export function progressLine(state: ProgressState, width: number): string {
  const { label, done, total, perSecond, unit, secondsLeft, extras = [] } = state;
  const share = total > 0 ? Math.min(1, done / total) : 0;
  const percent = `${Math.floor(share * 100)} %`.padStart(5);
  const byImportance = [
    label,
    percent,
    secondsLeft === undefined ? '' : `${duration(secondsLeft)} left`,
    perSecond === undefined ? '' : `${rate(perSecond)} ${unit}/s`,
    ...extras,
  ];
  const kept = byImportance.map(() => '');
  let used = -gap.length;
  for (const [i, text] of byImportance.entries()) {
    if (text === '' || used + gap.length + text.length > width) continue;
    kept[i] = text;
    used += gap.length + text.length;
  }
  if (kept[0] === '') return label.slice(0, Math.max(0, width));
  const [first, second, left, speed, ...more] = kept;
  const room = Math.min(widestBar, width - used - gap.length);
  const drawn = room >= narrowestBar ? bar(share, room) : '';
  return [first, drawn, second, speed, left, ...more].filter((text) => text).join(gap);
}

function bar(share: number, width: number): string {
  const inner = width - 2;
  const full = Math.floor(share * inner);
  const head = full > 0 && full < inner ? `${'='.repeat(full - 1)}>` : '='.repeat(full);
  return `[${head.padEnd(inner)}]`;
}
