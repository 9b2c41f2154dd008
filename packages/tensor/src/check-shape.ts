import type { Tensor } from '@tensorflow/tfjs-core';
import { UniecsError } from './errors.js';

/** Sizes by letter, as bound by `checkShape`. */
export type Dims = Readonly<Record<string, number>>;

/**
 * Checks a tensor's shape against a legend and returns the sizes of its letters.
 *
 * `const dims = checkShape(x, 'image', ['B', 'N', 'D'], 'encode')`, then
 * `checkShape(mask, 'mask', ['B', 'N'], 'encode', dims)` demands the same B and N. A number in the legend is an exact size.
 *
 * @param where the public function that checks, for the message
 * @throws UniecsError `shape` when the rank or a size differs
 */
export function checkShape(
  x: Tensor,
  name: string,
  legend: readonly (string | number)[],
  where: string,
  dims: Dims = {},
): Dims {
  const bound: Record<string, number> = { ...dims };
  let fits = x.shape.length === legend.length;
  if (fits) {
    legend.forEach((letter, axis) => {
      const size = x.shape[axis] as number;
      const wanted = typeof letter === 'number' ? letter : bound[letter];
      if (wanted === undefined) bound[letter as string] = size;
      else if (wanted !== size) fits = false;
    });
  }
  if (fits) return bound;
  const known = legend.map((letter) =>
    typeof letter === 'string' && dims[letter] !== undefined ? `${letter} = ${dims[letter]}` : String(letter),
  );
  throw new UniecsError({
    code: 'shape',
    where,
    expected: `${name} of shape [${known.join(', ')}]`,
    got: `[${x.shape.join(', ')}]`,
    hint: `pass ${name} with these axes in this order`,
    details: { name, legend, shape: x.shape },
  });
}
