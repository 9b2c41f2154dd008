/**
 * Pairs of 64-bit hashes that differ in at most `distance` bits, each once, as places `first < second`. Exact: hashes are
 * compared where one of `distance + 1` parts of them agrees, and two that differ in `distance` bits must agree in one. Of equal hashes each is
 * paired with the first that is alike alone, which connects them without their square; the first ones stand for them against other hashes.
 *
 * @param hashes undefined where there is none
 * @param distance 0 to 15
 * @param alike what must hold beside the hashes, of places; default nothing
 */
export function nearDuplicates(
  hashes: readonly (bigint | undefined)[],
  distance: number,
  alike: (a: number, b: number) => boolean = () => true,
): [number, number][] {
  const found: [number, number][] = [];
  const firstOf = new Map<bigint, number[]>();
  hashes.forEach((hash, place) => {
    if (hash === undefined) return;
    const firsts = firstOf.get(hash) ?? [];
    const first = firsts.find((each) => alike(each, place));
    if (first === undefined) firstOf.set(hash, [...firsts, place]);
    else found.push([first, place]);
  });
  const distinct = [...firstOf].flatMap(([hash, firsts]) => firsts.map((place): [bigint, number] => [hash, place]));
  const halves = Uint32Array.from(distinct.flatMap(([hash]) => [Number(hash >> 32n), Number(hash & 0xffffffffn)]));
  const parts = distance + 1;
  const limits = Array.from({ length: parts + 1 }, (_, part) => Math.floor((64 * part) / parts));
  const partOf = (hash: bigint, part: number) => (hash >> BigInt(limits[part] as number)) & mask(part);
  const mask = (part: number) => (1n << BigInt((limits[part + 1] as number) - (limits[part] as number))) - 1n;
  for (let part = 0; distance > 0 && part < parts; part++) {
    const buckets = new Map<bigint, number[]>();
    distinct.forEach(([hash], index) => {
      const key = partOf(hash, part);
      const bucket = buckets.get(key);
      if (bucket) bucket.push(index);
      else buckets.set(key, [index]);
    });
    for (const bucket of buckets.values()) {
      for (let i = 1; i < bucket.length; i++) {
        for (let j = 0; j < i; j++) {
          const [a, b] = [bucket[j] as number, bucket[i] as number];
          if (bitsApart(halves, a, b) > distance) continue;
          const [hashA, placeA] = distinct[a] as [bigint, number];
          const [hashB, placeB] = distinct[b] as [bigint, number];
          // A pair that agrees in several parts is taken in the first.
          const seen = Array.from({ length: part }, (_, p) => p).some((p) => partOf(hashA, p) === partOf(hashB, p));
          if (seen || hashA === hashB || !alike(placeA, placeB)) continue;
          found.push(placeA < placeB ? [placeA, placeB] : [placeB, placeA]);
        }
      }
    }
  }
  return found;
}

function bitsApart(halves: Uint32Array, a: number, b: number): number {
  let bits = 0;
  for (const half of [0, 1]) {
    let x = ((halves[2 * a + half] as number) ^ (halves[2 * b + half] as number)) >>> 0;
    for (; x !== 0; x = (x & (x - 1)) >>> 0) bits++;
  }
  return bits;
}
