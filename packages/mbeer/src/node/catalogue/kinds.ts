import type { Outline, Point } from './canvas.js';
import { accessories } from './kinds-accessories.js';
import { clothes } from './kinds-clothes.js';

/** What a layer of a drawing is painted with: the product's colour and pattern, its second colour, or near black or white. */
export type Role = 'body' | 'trim' | 'dark' | 'light';

/** A product's shape: its layers from back to front, and where the brand's emblem sits. */
export interface Drawing {
  readonly layers: readonly (readonly [Role, Outline])[];
  readonly emblem: Point;
}

/** A kind of product. */
export interface Kind {
  /** Its name in the catalogue. */
  readonly name: string;
  /** How shops call it in a title. */
  readonly words: readonly string[];
  readonly audiences: readonly string[];
  /** The cut: each number in [0, 1] moves one feature. */
  readonly draw: (cut: readonly [number, number, number, number]) => Drawing;
}

/** The kinds of the generated catalogue. */
export const kinds: readonly Kind[] = [...clothes, ...accessories];
