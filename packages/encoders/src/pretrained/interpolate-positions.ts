/** The cubic convolution kernel of Keys 1981 with a = -0.75, PyTorch's choice. */
const sharpness = -0.75;

/** Four neighbours of a place and their weights. */
interface Taps {
  readonly places: readonly number[];
  readonly weights: readonly number[];
}

/**
 * Learned positions of a grid of patches for a grid of another size: bicubic, as `F.interpolate(mode='bicubic', align_corners=False)` of
 * PyTorch without antialiasing, which is what `transformers` and the usual recipes do. The class token's position, the first row, stays.
 *
 * A place x of the new grid, of side n', is read at `(x + 1/2) n / n' - 1/2` of the old one, of side n, from its four neighbours in each
 * direction, those beyond the edge being the edge. Computed in float64.
 *
 * @param positions float32 [1 + n², D], row-major
 * @param from side of the old grid, n
 * @param to side of the new grid, n'
 * @param width D
 * @returns float32 [1 + n'², D]; a copy where the sides agree
 */
export function interpolatePositions(positions: Float32Array, from: number, to: number, width: number): Float32Array {
  if (from === to) return positions.slice();
  const taps = Array.from({ length: to }, (_, place) => tapsAt((place + 0.5) * (from / to) - 0.5, from));
  const result = new Float32Array((1 + to * to) * width);
  result.set(positions.subarray(0, width));
  const sums = new Float64Array(width);
  for (const [row, down] of taps.entries()) {
    for (const [column, across] of taps.entries()) {
      sums.fill(0);
      for (const [i, y] of down.places.entries()) {
        for (const [j, x] of across.places.entries()) {
          const weight = (down.weights[i] as number) * (across.weights[j] as number);
          const start = (1 + y * from + x) * width;
          for (let d = 0; d < width; d++) sums[d] = (sums[d] as number) + weight * (positions[start + d] as number);
        }
      }
      result.set(sums, (1 + row * to + column) * width);
    }
  }
  return result;
}

function tapsAt(source: number, side: number): Taps {
  const first = Math.floor(source);
  const t = source - first;
  const clamp = (place: number) => Math.min(Math.max(place, 0), side - 1);
  return {
    places: [-1, 0, 1, 2].map((offset) => clamp(first + offset)),
    weights: [far(1 + t), near(t), near(1 - t), far(2 - t)],
  };
}

/** The kernel at distances from 0 to 1. */
const near = (x: number) => ((sharpness + 2) * x - (sharpness + 3)) * x * x + 1;

/** The kernel at distances from 1 to 2. */
const far = (x: number) => sharpness * (((x - 5) * x + 8) * x - 4);
