import { type Canvas, type Colour, canvas, fill, type Outline, type Paint, type Point } from './canvas.js';
import type { Role } from './kinds.js';
import { box, ellipse } from './outlines.js';
import { cloth } from './patterns.js';
import type { Pose, Product } from './product.js';
import { emblemColours } from './vocabulary.js';

const emblemSize = 0.05;
const darkColour: Colour = [0.13, 0.13, 0.14];
const lightColour: Colour = [0.93, 0.93, 0.92];
const emblemGround: Colour = [0.08, 0.08, 0.1];

/** The shapes of emblems, around a point. */
const emblemShapes: readonly ((x: number, y: number, size: number) => Outline)[] = [
  (x, y, size) => [ellipse(x, y, size)],
  (x, y, size) => [box(x, y, size * 0.85)],
  (x, y, size) => [ellipse(x, y, 1.2 * size, 1.2 * size, 4)],
  (x, y, size) => [
    [
      [x, y - size],
      [x + size, y + size],
      [x - size, y + size],
    ],
  ],
  (x, y, size) => [ellipse(x, y, 1.1 * size), ellipse(x, y, 0.5 * size)],
  (x, y, size) => [box(x, y - 0.6 * size, 1.1 * size, 0.35 * size), box(x, y + 0.6 * size, 1.1 * size, 0.35 * size)],
];

/** The photo of a product: its kind's shape in its cut, cloth and colours, the maker's emblem, placed and lit as the pose says. */
export function drawProduct({ style, colour, second, pose }: Product, size: number): Canvas {
  const { layers, emblem } = style.kind.draw(style.cut);
  const period = style.period;
  const paints: Record<Role, Paint> = {
    body: cloth(style.pattern, colour.colour, second.colour, period, pose.phase * period),
    trim: () => second.colour,
    dark: () => darkColour,
    light: () => lightColour,
  };
  const light = { level: pose.light, slope: pose.slope };
  const picture = canvas(size, pose.background);
  const place = placer(pose);
  for (const [role, outline] of layers) fill(picture, place(outline), paints[role], light);
  const shape = emblemShapes[style.brand % emblemShapes.length] as (typeof emblemShapes)[number];
  const ink = emblemColours[Math.floor(style.brand / emblemShapes.length) % emblemColours.length] as Colour;
  fill(picture, place([ellipse(emblem[0], emblem[1], emblemSize * 1.5)]), () => emblemGround, light);
  fill(picture, place(shape(emblem[0], emblem[1], emblemSize)), () => ink);
  return picture;
}

function placer({ shiftX, shiftY, scale, flipped }: Pose): (outline: Outline) => Outline {
  const move = ([x, y]: Point): Point => [
    0.5 + (flipped ? 0.5 - x : x - 0.5) * scale + shiftX,
    0.5 + (y - 0.5) * scale + shiftY,
  ];
  return (outline) => outline.map((polygon) => polygon.map(move));
}
