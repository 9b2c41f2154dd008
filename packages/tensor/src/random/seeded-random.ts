/** A seeded stream of random numbers. The same seed gives the same numbers on every machine and backend. */
export interface Random {
  /** A number in [0, 1) with 32 random bits. */
  uniform(): number;
  /** A standard normal number (Box-Muller). */
  normal(): number;
  /** An integer in [0, below). */
  integer(below: number): number;
  /** A permutation of 0 … n - 1 (Fisher-Yates). */
  permutation(n: number): Int32Array;
  /** An independent stream named by a label; does not advance this one, so streams do not depend on each other's use. */
  fork(label: string | number): Random;
}

/** A random generator from a seed (sfc32, seeded by a 128-bit hash of the seed and the fork labels). */
export function seededRandom(seed: number | string): Random {
  return generator(hash128(`${typeof seed}:${seed}`));
}

type State = [number, number, number, number];

function generator(key: State): Random {
  let [a, b, c, d] = key;
  const next = () => {
    const sum = (a + b + d) | 0;
    d = (d + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    c |= 0;
    return sum >>> 0;
  };
  for (let i = 0; i < 12; i++) next();
  const uniform = () => next() / 4294967296;
  const integer = (below: number) => Math.floor(uniform() * below);
  return {
    uniform,
    integer,
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    permutation: (n) => {
      const order = Int32Array.from({ length: n }, (_, i) => i);
      for (let i = n - 1; i > 0; i--) {
        const j = integer(i + 1);
        const swapped = order[i] as number;
        order[i] = order[j] as number;
        order[j] = swapped;
      }
      return order;
    },
    fork: (label) => generator(hash128(`${key.join(',')}/${typeof label}:${label}`)),
  };
}

/** Four 32-bit words from a string: four multiplicative hashes with a final avalanche each. */
function hash128(text: string): State {
  const words: State = [0x9e3779b9, 0x243f6a88, 0xb7e15162, 0x85ebca6b];
  const factors = [0x85ebca77, 0xc2b2ae3d, 0x27d4eb2f, 0x165667b1];
  for (let i = 0; i < text.length; i++) {
    for (let w = 0; w < 4; w++) {
      const mixed = Math.imul((words[w] as number) ^ text.charCodeAt(i), factors[w] as number);
      words[w] = mixed ^ (mixed >>> 15);
    }
  }
  for (let round = 0; round < 2; round++) {
    for (let w = 0; w < 4; w++) {
      const mixed = Math.imul((words[w] as number) ^ (words[(w + 1) % 4] as number), factors[w] as number);
      words[w] = mixed ^ (mixed >>> 13);
    }
  }
  return words;
}
