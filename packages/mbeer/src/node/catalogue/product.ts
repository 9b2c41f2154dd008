import type { Random } from '@uniecs/tensor';
import { type Kind, kinds } from './kinds.js';
import { type Pattern, patterns } from './patterns.js';
import { brands, colours, lines, type NamedColour } from './vocabulary.js';

/** What the products of one style share. */
export interface Style {
  /** Index into the brands. */
  readonly brand: number;
  readonly kind: Kind;
  readonly audience: string;
  /** Name of the maker's line; some styles have none. */
  readonly line: string | undefined;
  readonly pattern: Pattern;
  readonly cut: readonly [number, number, number, number];
  /** Period of the pattern in units of the picture's side. */
  readonly period: number;
}

/** A style in a colour, as one photo shows it; plain values. */
export interface Look {
  readonly title: string;
  readonly colour: NamedColour;
  readonly second: NamedColour;
  readonly pose: Pose;
}

/** One product: a look of a style. */
export interface Product extends Look {
  readonly style: Style;
}

/** How a product was photographed. */
export interface Pose {
  readonly shiftX: number;
  readonly shiftY: number;
  readonly scale: number;
  readonly flipped: boolean;
  /** Phase of the pattern, in units of its period. */
  readonly phase: number;
  /** Factors of the light, and its slope from left to right. */
  readonly light: number;
  readonly slope: number;
  /** Shade of the background, 1 is white. */
  readonly background: readonly [number, number, number];
}

/** A style at random. */
export function drawStyle(random: Random): Style {
  const kind = pick(kinds, random);
  return {
    brand: random.integer(brands.length),
    kind,
    audience: pick(kind.audiences, random),
    line: random.uniform() < 0.4 ? pick(lines, random) : undefined,
    pattern: pick(patterns, random),
    cut: [0, 0, 0, 0].map(() => 0.2 + 0.6 * random.uniform()) as [number, number, number, number],
    period: 0.08 + 0.1 * random.uniform(),
  };
}

/** What makes a style another one in words: no two styles of a catalogue agree in all of it. */
export function styleKey({ brand, kind, audience, line = '', pattern }: Style): string {
  return [brand, kind.name, audience, line, pattern.name].join('|');
}

/** Two different colours at random. */
export function drawColours(random: Random): { colour: NamedColour; second: NamedColour } {
  const colour = pick(colours, random);
  const others = colours.filter((other) => other !== colour);
  return { colour, second: pick(others, random) };
}

/** A photographer's choices at random. */
export function drawPose(random: Random): Pose {
  const spread = (width: number) => (2 * random.uniform() - 1) * width;
  const grey = 0.95 + spread(0.05);
  return {
    shiftX: spread(0.03),
    shiftY: spread(0.03),
    scale: 1 + spread(0.06),
    flipped: random.uniform() < 0.15,
    phase: random.uniform(),
    light: 1 + spread(0.12),
    slope: spread(0.25),
    background: [grey + spread(0.02), grey + spread(0.02), grey + spread(0.02)],
  };
}

/** One of a list at random. */
export function pick<T>(list: readonly T[], random: Random): T {
  return list[random.integer(list.length)] as T;
}
