import type { Colour, Paint } from './canvas.js';

/** A pattern of cloth: its words in a title and how a second colour is laid over the first. */
export interface Pattern {
  readonly name: string;
  /** Words for a title; an empty one leaves the pattern unsaid. */
  readonly words: readonly string[];
  /** Whether the second colour shows at a point, for a period and a phase in units of the picture's side. */
  readonly second: (x: number, y: number, period: number, phase: number) => boolean;
}

const part = (value: number, period: number) => value / period - Math.floor(value / period);

/** The patterns of the generated catalogue. */
export const patterns: readonly Pattern[] = [
  { name: 'Solid', words: ['', 'Solid'], second: () => false },
  {
    name: 'Striped',
    words: ['Striped', 'Stripes'],
    second: (_, y, period, phase) => part(y + phase, period) < 0.4,
  },
  {
    name: 'Pinstriped',
    words: ['Pinstriped', 'Pinstripe'],
    second: (x, _, period, phase) => part(x + phase, period) < 0.25,
  },
  {
    name: 'Checked',
    words: ['Checked', 'Check'],
    second: (x, y, period, phase) => part(x + phase, period) < 0.35 || part(y, period) < 0.35,
  },
  {
    name: 'Dotted',
    words: ['Dotted', 'Polka Dot'],
    second: (x, y, period, phase) => (part(x + phase, period) - 0.5) ** 2 + (part(y, period) - 0.5) ** 2 < 0.1,
  },
  {
    name: 'Diagonal',
    words: ['Diagonal', 'Diagonal Stripe'],
    second: (x, y, period, phase) => part(x + y + phase, 1.4 * period) < 0.4,
  },
  {
    name: 'Colourblocked',
    words: ['Colourblocked', 'Two Tone'],
    second: (_, y, __, phase) => y > 0.46 + phase,
  },
];

/** The paint of a cloth in two colours. */
export function cloth(pattern: Pattern, first: Colour, second: Colour, period: number, phase: number): Paint {
  return (x, y) => (pattern.second(x, y, period, phase) ? second : first);
}
