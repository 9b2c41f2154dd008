/** @typedef {import('@uniecs/tensor').Random} Random */

/** Numbers that length fields and counts are known to be tripped by. */
const INTERESTING = [
  0n,
  1n,
  0x7fn,
  0xffn,
  0x7fffn,
  0xffffn,
  0x7fffffffn,
  0x80000000n,
  0xffffffffn,
  2n ** 53n,
  2n ** 63n - 1n,
];

/**
 * A file with one to four changes: bits flipped, cut off, bytes taken out, put in or copied from elsewhere (of this file or of another),
 * a length field set to a number that is likely to trip its reader, a number in text made another.
 * @param {Random} random
 * @param {readonly Buffer[]} bases sound files of the format
 * @returns {Buffer}
 */
export function mutate(random, bases) {
  const pick = () => /** @type {Buffer} */ (bases[random.integer(bases.length)]);
  let file = Buffer.from(pick());
  for (let changes = 1 + random.integer(4); changes > 0 && file.length > 0; changes--) {
    file = /** @type {(typeof mutators)[number]} */ (mutators[random.integer(mutators.length)])(file, random, pick());
  }
  return file;
}

/** @type {((file: Buffer<ArrayBuffer>, random: Random, other: Buffer) => Buffer<ArrayBuffer>)[]} */
const mutators = [
  // Bits, most of them where the header is.
  (file, random) => {
    const within = random.uniform() < 0.5 ? Math.min(file.length, 64) : file.length;
    for (let i = 1 + random.integer(8); i > 0; i--) {
      const at = random.integer(within);
      file[at] = Number(file[at]) ^ (1 << random.integer(8));
    }
    return file;
  },
  (file, random) => file.subarray(0, random.integer(file.length)),
  (file, random) => {
    const from = random.integer(file.length);
    return Buffer.concat([file.subarray(0, from), file.subarray(from + 1 + random.integer(64))]);
  },
  (file, random) => {
    const at = random.integer(file.length + 1);
    const added = Buffer.alloc(1 + random.integer(64), random.integer(256));
    return Buffer.concat([file.subarray(0, at), added, file.subarray(at)]);
  },
  (file, random, other) => {
    const from = random.integer(other.length);
    const piece = other.subarray(from, from + 1 + random.integer(256));
    piece.copy(file, random.integer(file.length));
    return file;
  },
  (file, random, other) =>
    Buffer.concat([file.subarray(0, random.integer(file.length)), other.subarray(random.integer(other.length))]),
  lengthField,
  lengthField,
  numberInText,
];

/**
 * @param {Buffer<ArrayBuffer>} file
 * @param {Random} random
 */
function lengthField(file, random) {
  const bytes = [1, 2, 4, 8][random.integer(4)] ?? 4;
  if (file.length < bytes) return file;
  const within = random.uniform() < 0.6 ? Math.min(file.length - bytes + 1, 128) : file.length - bytes + 1;
  // A footer's fields are at the end.
  const at =
    random.uniform() < 0.2
      ? file.length - bytes - random.integer(Math.min(16, file.length - bytes + 1))
      : random.integer(within);
  const value =
    /** @type {bigint} */ (INTERESTING[random.integer(INTERESTING.length)]) & ((1n << BigInt(8 * bytes)) - 1n);
  const little = random.uniform() < 0.5;
  for (let i = 0; i < bytes; i++) file[at + (little ? i : bytes - 1 - i)] = Number((value >> BigInt(8 * i)) & 0xffn);
  return file;
}

/**
 * @param {Buffer<ArrayBuffer>} file
 * @param {Random} random
 */
function numberInText(file, random) {
  const numbers = [...file.toString('latin1').matchAll(/\d+/g)].slice(0, 1000);
  const found = numbers[random.integer(Math.max(1, numbers.length))];
  if (!found) return file;
  const replaced = [
    '0',
    '-1',
    '1e999',
    '4294967296',
    '9007199254740993',
    '99999999999999999999',
    '""',
    '{}',
    '[[]]',
    'null',
  ];
  const value = Buffer.from(/** @type {string} */ (replaced[random.integer(replaced.length)]));
  return Buffer.concat([file.subarray(0, found.index), value, file.subarray(found.index + found[0].length)]);
}
