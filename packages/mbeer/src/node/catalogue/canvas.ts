/** x and y in units of the picture's side, origin at the top left. */
export type Point = readonly [x: number, y: number];
/** Red, green and blue in [0, 1]. */
export type Colour = readonly [red: number, green: number, blue: number];
/** The colour at a point. */
export type Paint = (x: number, y: number) => Colour;
/** Closed polygons; where two overlap there is a hole (even-odd rule). */
export type Outline = readonly (readonly Point[])[];

/** A square picture, row-major `[size, size, 3]`, in [0, 1]. */
export interface Canvas {
  readonly size: number;
  readonly pixels: Float32Array;
}

/** Scan lines per pixel row; along a row the coverage is exact. */
const scanLines = 4;

/** A picture of one colour. */
export function canvas(size: number, background: Colour): Canvas {
  const pixels = new Float32Array(size * size * 3);
  const [red, green, blue] = background;
  for (let i = 0; i < pixels.length; i += 3) {
    pixels[i] = red;
    pixels[i + 1] = green;
    pixels[i + 2] = blue;
  }
  return { size, pixels };
}

/** How bright paint is: `level (1 + slope (x - 0.5))` of its colour. */
export interface Light {
  readonly level: number;
  readonly slope: number;
}

/** Paint as it is. */
const unlit: Light = { level: 1, slope: 0 };

/** Fills an outline with a paint under a light, its edges smoothed by how much of a pixel it covers. */
export function fill({ size, pixels }: Canvas, outline: Outline, paint: Paint, { level, slope }: Light = unlit): void {
  const edges = edgesOf(outline, size);
  if (edges.length === 0) return;
  const top = Math.max(0, Math.floor(Math.min(...edges.map((edge) => edge.top))));
  const bottom = Math.min(size, Math.ceil(Math.max(...edges.map((edge) => edge.bottom))));
  const coverage = new Float64Array(size);
  for (let row = top; row < bottom; row++) {
    coverage.fill(0);
    for (let line = 0; line < scanLines; line++) addSpans(coverage, edges, row + (line + 0.5) / scanLines);
    for (let column = 0; column < size; column++) {
      const share = (coverage[column] as number) / scanLines;
      if (share <= 0) continue;
      const x = (column + 0.5) / size;
      const colour = paint(x, (row + 0.5) / size);
      const factor = level * (1 + slope * (x - 0.5));
      const at = (row * size + column) * 3;
      for (let c = 0; c < 3; c++) {
        const under = pixels[at + c] as number;
        pixels[at + c] = under + share * ((colour[c] as number) * factor - under);
      }
    }
  }
}

/** The picture as bytes, `[size, size, 3]`, clamped and rounded. */
export function toBytes({ pixels }: Canvas): Uint8ClampedArray {
  const bytes = new Uint8ClampedArray(pixels.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = 255 * (pixels[i] as number);
  return bytes;
}

interface Edge {
  readonly top: number;
  readonly bottom: number;
  /** x at height y is `start + slope * y`. */
  readonly start: number;
  readonly slope: number;
}

function edgesOf(outline: Outline, size: number): Edge[] {
  const edges: Edge[] = [];
  for (const polygon of outline) {
    polygon.forEach(([x, y], i) => {
      const [nextX, nextY] = polygon[(i + 1) % polygon.length] as Point;
      if (y === nextY) return;
      const slope = (nextX - x) / (nextY - y);
      const start = (x - slope * y) * size;
      edges.push({ top: Math.min(y, nextY) * size, bottom: Math.max(y, nextY) * size, start, slope });
    });
  }
  return edges;
}

/** Adds what the outline covers of each pixel along one scan line. */
function addSpans(coverage: Float64Array, edges: readonly Edge[], y: number): void {
  const crossings: number[] = [];
  for (const { top, bottom, start, slope } of edges) if (y >= top && y < bottom) crossings.push(start + slope * y);
  crossings.sort((a, b) => a - b);
  for (let i = 0; i + 1 < crossings.length; i += 2) {
    const from = Math.max(0, crossings[i] as number);
    const to = Math.min(coverage.length, crossings[i + 1] as number);
    for (let column = Math.floor(from); column < to; column++) {
      coverage[column] = (coverage[column] as number) + Math.min(to, column + 1) - Math.max(from, column);
    }
  }
}
