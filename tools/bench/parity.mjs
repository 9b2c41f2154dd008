/** @typedef {ReadonlyMap<string, { shape: readonly number[], data: ArrayLike<number> }>} Outputs */
/** @typedef {{ name: string, distance: number }} Distance */

/** Above this relative distance two sides do different work, and their times mean nothing. */
export const parityLimit = 1e-4;

/**
 * How far two sides are apart, by group (the part of a name before its first point): `|a - b| / |b|` over all arrays of the
 * group, and the farthest single array, whose norm counts for at least 1e-3 of its group's (a gradient that is zero in
 * theory is noise in both).
 * @param {Outputs} ours
 * @param {Outputs} theirs
 * @returns {{ groups: Record<string, number>, farthest: Distance }}
 * @throws where names or shapes differ
 */
export function distances(ours, theirs) {
  const unmatched = [...ours.keys()].filter((name) => !theirs.has(name));
  unmatched.push(...[...theirs.keys()].filter((name) => !ours.has(name)));
  if (unmatched.length > 0) throw new Error(`parity: only one side has ${unmatched.slice(0, 5).join(', ')}`);
  /** @type {Record<string, { difference: number, size: number }>} */
  const sums = {};
  const parts = [...ours].map(([name, a]) => {
    const b = /** @type {typeof a} */ (theirs.get(name));
    if (`${a.shape}` !== `${b.shape}`)
      throw new Error(`parity: ${name} is [${a.shape}] in ours, [${b.shape}] in theirs`);
    const group = /** @type {string} */ (name.split('.')[0]);
    const part = { name, group, ...squares(a.data, b.data) };
    const sum = sums[group] ?? { difference: 0, size: 0 };
    sums[group] = sum;
    sum.difference += part.difference;
    sum.size += part.size;
    return part;
  });
  const relative = (/** @type {number} */ difference, /** @type {number} */ size) =>
    difference === 0 ? 0 : Math.sqrt(difference / size);
  const groups = Object.fromEntries(
    Object.entries(sums).map(([group, { difference, size }]) => [group, relative(difference, size)]),
  );
  const farthest = parts
    .map(({ name, group, difference, size }) => ({
      name,
      distance: relative(difference, Math.max(size, 1e-6 * /** @type {{ size: number }} */ (sums[group]).size)),
    }))
    .reduce((a, b) => (b.distance > a.distance || Number.isNaN(b.distance) ? b : a));
  return { groups, farthest };
}

/**
 * Refuses two sides that are farther apart than `parityLimit`, as a whole or in one array.
 * @param {Outputs} ours
 * @param {Outputs} theirs
 */
export function checkParity(ours, theirs) {
  const found = distances(ours, theirs);
  const { name, distance } = found.farthest;
  const far = Object.entries(found.groups).find(([, value]) => !(value <= parityLimit));
  if (far) throw new Error(`parity: expected ${far[0]} within ${parityLimit}, got ${far[1].toExponential(1)}`);
  if (!(distance <= parityLimit)) throw new Error(`parity: ${name} is ${distance.toExponential(1)} apart`);
  return found;
}

/**
 * @param {ArrayLike<number>} a
 * @param {ArrayLike<number>} b
 */
function squares(a, b) {
  let difference = 0;
  let size = 0;
  for (let i = 0; i < b.length; i++) {
    const value = /** @type {number} */ (b[i]);
    const gap = /** @type {number} */ (a[i]) - value;
    difference += gap * gap;
    size += value * value;
  }
  return { difference, size };
}
