/**
 * Orders two texts by code points, as stores that compare UTF-8 bytes do. (`<` of JavaScript compares UTF-16 units, which puts
 * U+1F600 before U+FF01.)
 *
 * @returns negative, zero or positive
 */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

/** Surrogates stand for code points above all other units. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit < 0xe000 ? unit + 0x10000 : unit;
}
