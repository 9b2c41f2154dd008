import { seededRandom } from '@uniecs/tensor';

/** The dropout key of a step: two whole numbers in the range that `counterUniform` takes. */
export function dropoutKey({ seed, dropout }: { readonly seed: number; readonly dropout: number }): Float32Array {
  const random = seededRandom(seed).fork('dropout').fork(dropout);
  return Float32Array.of(random.integer(1_000_000), random.integer(1_000_000));
}
