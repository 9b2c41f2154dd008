/** Side of a thumbnail in pixels. */
const side = 12;

/**
 * The 12 x 12 RGB thumbnail of a square picture, each cell the mean over its area, minus the mean of all its 432 numbers, scaled to
 * length 1: the dot product of two is their mean-centred cosine. A picture of one colour gives zeros.
 *
 * @param pixels `[size, size, 3]`
 */
export function thumbnail(pixels: ArrayLike<number>, size: number): Float64Array {
  const cells = new Float64Array(side * side * 3);
  const { cell, share } = overlaps(size);
  const line = new Float64Array(side * 3);
  for (let y = 0; y < size; y++) {
    line.fill(0);
    for (let x = 0; x < size; x++) {
      const from = (y * size + x) * 3;
      for (let at = 2 * x; at < 2 * x + 2; at++) {
        const wide = share[at] as number;
        if (wide === 0) continue;
        const to = (cell[at] as number) * 3;
        line[to] = (line[to] as number) + wide * (pixels[from] as number);
        line[to + 1] = (line[to + 1] as number) + wide * (pixels[from + 1] as number);
        line[to + 2] = (line[to + 2] as number) + wide * (pixels[from + 2] as number);
      }
    }
    for (let at = 2 * y; at < 2 * y + 2; at++) {
      const tall = share[at] as number;
      if (tall === 0) continue;
      const to = (cell[at] as number) * side * 3;
      for (let i = 0; i < line.length; i++) cells[to + i] = (cells[to + i] as number) + tall * (line[i] as number);
    }
  }
  const mean = cells.reduce((sum, value) => sum + value, 0) / cells.length;
  const centred = cells.map((value) => value - mean);
  const norm = Math.sqrt(dot(centred, centred));
  return norm < 1e-9 ? centred.fill(0) : centred.map((value) => value / norm);
}

/** Sum of the products. */
export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}

/** Where the pixels of a row lie among its cells: of pixel i the entries 2i and 2i + 1, a share of 0 meaning none. */
interface Overlaps {
  readonly cell: Int32Array;
  /** Of the cell's side that the pixel fills. */
  readonly share: Float64Array;
}

/** The cells that each of `size` pixels lies in: at most two, as a pixel is smaller than a cell. */
function overlaps(size: number): Overlaps {
  const [cell, share] = [new Int32Array(2 * size), new Float64Array(2 * size)];
  const scale = side / size;
  for (let i = 0; i < size; i++) {
    const [from, to] = [i * scale, (i + 1) * scale];
    let at = 2 * i;
    for (let column = Math.floor(from); column < Math.min(to, side); column++) {
      const filled = Math.min(to, column + 1) - Math.max(from, column);
      if (filled <= 1e-12) continue;
      cell[at] = column;
      share[at++] = filled;
    }
  }
  return { cell, share };
}
