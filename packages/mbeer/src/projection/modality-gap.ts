import { UniecsError } from '@uniecs/tensor';
import type { Matrix } from '../embeddings.js';

/**
 * The gap between two modalities: the distance of their centroids, `|mean of a - mean of b|`, the L2 norm (Liang et al. 2022). For
 * normalised vectors it is from 0 to 2; 0 where both have the same centroid.
 *
 * @param a `[N, D]`
 * @param b `[M, D]`
 * @throws UniecsError `shape` where the widths differ or one has no row
 */
export function modalityGap(a: Matrix, b: Matrix): number {
  if (a.columns !== b.columns || a.rows === 0 || b.rows === 0) {
    throw new UniecsError({
      code: 'shape',
      where: 'modalityGap',
      expected: 'two matrices with rows, equally wide',
      got: `${a.rows} x ${a.columns} and ${b.rows} x ${b.columns}`,
      hint: 'pass embeddings of the same model',
    });
  }
  const [first, second] = [centroid(a), centroid(b)];
  return Math.sqrt(first.reduce((sum, value, k) => sum + (value - (second[k] as number)) ** 2, 0));
}

function centroid({ rows, columns, data }: Matrix): Float64Array {
  const mean = new Float64Array(columns);
  for (let i = 0; i < rows * columns; i++) (mean[i % columns] as number) += (data[i] as number) / rows;
  return mean;
}
