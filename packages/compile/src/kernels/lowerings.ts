import { elementwise } from './elementwise.js';
import { movement } from './movement.js';
import { products } from './products.js';
import { reductions } from './reductions.js';
import type { Lowering } from './tools.js';

/** How each supported tfjs kernel becomes graph nodes, by tfjs's kernel name. */
export const lowerings: Readonly<Record<string, Lowering>> = {
  ...elementwise,
  ...movement,
  ...products,
  ...reductions,
};
