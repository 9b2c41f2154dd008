import { UniecsError } from '@uniecs/tensor';

/**
 * A copy of a vector, L2-normalised: `x / sqrt(sum x^2)`, computed in float64. A vector whose norm is within 1e-6 of 1 is copied as it
 * is, so that normalising twice changes nothing.
 *
 * @param name what the vector is, for the error
 * @throws UniecsError `argument` where it is no Float32Array, `shape` for another length, `numeric` for NaN, Inf or zeros only
 */
export function unitVector(vector: Float32Array, dimension: number, where: string, name: string): Float32Array {
  if (!(vector instanceof Float32Array)) {
    throw new UniecsError({
      code: 'argument',
      where,
      expected: `a Float32Array as ${name}`,
      got: vector === null ? 'null' : typeof vector === 'object' ? 'another object' : typeof vector,
      hint: 'convert it with Float32Array.from',
    });
  }
  if (vector.length !== dimension) {
    throw new UniecsError({
      code: 'shape',
      where,
      expected: `${dimension} numbers in ${name}`,
      got: `${vector.length}`,
      hint: 'the index and the vector must come from the same model',
      details: { dimension, length: vector.length },
    });
  }
  let squares = 0;
  for (let i = 0; i < dimension; i++) squares += (vector[i] as number) ** 2;
  if (!Number.isFinite(squares)) {
    const element = vector.findIndex((x) => !Number.isFinite(x));
    throw numeric('finite numbers', `${vector[element]} at element ${element}`, where, name);
  }
  if (squares === 0) throw numeric('a direction', 'only zeros', where, name);
  const norm = Math.sqrt(squares);
  if (Math.abs(norm - 1) <= 1e-6) return vector.slice();
  return vector.map((x) => x / norm);
}

function numeric(expected: string, got: string, where: string, name: string): UniecsError {
  return new UniecsError({
    code: 'numeric',
    where,
    expected: `${expected} in ${name}`,
    got,
    hint: 'such a vector has no cosine with any other: check the model that made it',
  });
}
