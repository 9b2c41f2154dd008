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
  const shares = Array.from({ length: size }, (_, i) => overlaps(i, side / size));
  const line = new Float64Array(side * 3);
  for (let y = 0; y < size; y++) {
    line.fill(0);
    for (let x = 0; x < size; x++) {
      const from = (y * size + x) * 3;
      for (const [column, wide] of shares[x] as Overlap[]) {
        for (let c = 0; c < 3; c++) {
          line[column * 3 + c] = (line[column * 3 + c] as number) + wide * (pixels[from + c] as number);
        }
      }
    }
    for (const [row, tall] of shares[y] as Overlap[]) {
      const to = row * side * 3;
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

type Overlap = readonly [cell: number, share: number];

/** The cells that pixel `i` lies in, each with the share of the cell's side that it fills. */
function overlaps(i: number, scale: number): Overlap[] {
  const from = i * scale;
  const to = (i + 1) * scale;
  const found: Overlap[] = [];
  for (let cell = Math.floor(from); cell < Math.min(to, side); cell++) {
    const share = Math.min(to, cell + 1) - Math.max(from, cell);
    if (share > 1e-12) found.push([cell, share]);
  }
  return found;
}
