/**
 * The gradient of a float64 function by central differences: `(f(x + h) - f(x - h)) / 2h` per element.
 *
 * @param step h, relative to `max(1, |x|)`; default 1e-5, near the best for float64
 */
export function finiteDifference(f: (x: Float64Array) => number, x: Float64Array, step = 1e-5): Float64Array {
  const point = Float64Array.from(x);
  return Float64Array.from(x, (value, i) => {
    const h = step * Math.max(1, Math.abs(value));
    point[i] = value + h;
    const above = f(point);
    point[i] = value - h;
    const below = f(point);
    point[i] = value;
    return (above - below) / (2 * h);
  });
}
