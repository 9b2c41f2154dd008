/** Sets of numbers 0 to N - 1 that are joined bit by bit. */
export interface DisjointSets {
  join(a: number, b: number): void;
  /** The smallest number of the set. */
  rootOf(a: number): number;
}

/** N sets of one number each. */
export function disjointSets(count: number): DisjointSets {
  const parents = Int32Array.from({ length: count }, (_, i) => i);
  function rootOf(a: number): number {
    let root = a;
    while (parents[root] !== root) root = parents[root] as number;
    for (let at = a; at !== root; ) {
      const up = parents[at] as number;
      parents[at] = root;
      at = up;
    }
    return root;
  }
  return {
    rootOf,
    join(a, b) {
      const [first, second] = [rootOf(a), rootOf(b)];
      parents[Math.max(first, second)] = Math.min(first, second);
    },
  };
}
