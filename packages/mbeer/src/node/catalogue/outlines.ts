import type { Point } from './canvas.js';

/** The polygon of a right half, from top to bottom in distances from the middle, and its mirror image. */
export function symmetric(half: readonly Point[], middle = 0.5): Point[] {
  const right = half.map(([x, y]): Point => [middle + x, y]);
  const left = half.map(([x, y]): Point => [middle - x, y]).reverse();
  return [...right, ...left];
}

/** A closed curve through the points (Catmull-Rom). */
export function smooth(points: readonly Point[], steps = 5): Point[] {
  const at = (i: number) => points[(i + points.length) % points.length] as Point;
  return points.flatMap((_, i) => {
    const [a, b, c, d] = [at(i - 1), at(i), at(i + 1), at(i + 2)];
    return Array.from({ length: steps }, (_, step): Point => {
      const t = step / steps;
      const blend = (axis: 0 | 1) =>
        b[axis] +
        0.5 *
          t *
          (c[axis] -
            a[axis] +
            t *
              (2 * a[axis] - 5 * b[axis] + 4 * c[axis] - d[axis] + t * (3 * (b[axis] - c[axis]) + d[axis] - a[axis])));
      return [blend(0), blend(1)];
    });
  });
}

/** An ellipse. */
export function ellipse(x: number, y: number, width: number, height = width, corners = 24): Point[] {
  return Array.from({ length: corners }, (_, i): Point => {
    const angle = (2 * Math.PI * i) / corners;
    return [x + width * Math.cos(angle), y + height * Math.sin(angle)];
  });
}

/** A rectangle by its middle, half width and half height. */
export function box(x: number, y: number, width: number, height = width): Point[] {
  return [
    [x - width, y - height],
    [x + width, y - height],
    [x + width, y + height],
    [x - width, y + height],
  ];
}
