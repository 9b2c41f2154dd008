import type { CandidateTile, ScreenedCandidates } from './screened-candidates.js';
import { type ScreenedQueries, screenQueries } from './screened-queries.js';
import { certainty, type ScreeningWork } from './screening-work.js';

/** What a candidate's byte says: from `flag` on it may stand before the partner. */
const flag = 128;

/** A query that leaves more of a tile's candidates open than this share goes by float32, which then is quicker. */
const mostOpen = 0.04;

/** And this many are no reason to give up. */
const fewOpen = 32;

/** The smallest sum of products at which a threshold can stand: below, bytes tell too little. */
const leastSum = 16;

/**
 * Counts into `above` what bytes can tell, and adds to `open` what they leave open.
 *
 * @param most largest magnitude of a query's whole numbers
 * @returns the queries that it gave up, whose `above` is 0
 */
export async function rankByBytes(
  work: ScreeningWork & { readonly screened: ScreenedCandidates; readonly most: number },
): Promise<Int32Array> {
  const { queries, above, open, products, columns, height, screened, most, between } = work;
  const depth = queries.columns;
  const words = new Uint32Array((columns * height) / 4);
  const bytes = new Uint8Array(words.buffer);
  const scale = new Float32Array(columns);
  const certain = new Int32Array(columns);
  const opened = new Int32Array(columns);
  const hard: number[] = [];
  for (let start = 0; start < queries.rows; start += columns) {
    await between(start - hard.length);
    const count = Math.min(columns, queries.rows - start);
    const block = screenQueries(queries, start, count, columns, most, screened.center);
    const given = new Uint8Array(columns);
    const giveUp = (i: number) => {
      given[i] = 1;
      hard.push(start + i);
    };
    for (const tile of screened.tiles) {
      for (let i = 0; i < count; i++) {
        if (given[i] === 0 && !threshold(work, block, tile, start, i, scale, certain)) giveUp(i);
        if (given[i] === 1) scale[i] = 0;
      }
      scale.fill(0, count);
      await products.bytes({ shape: [height, depth, columns], a: tile.a, b: block.b, scale, out: bytes });
      opened.fill(0);
      scan(words, bytes, columns, tile.rows.length, (i, byte, r) => {
        const candidate = tile.rows[r] as number;
        const query = start + i;
        if (candidate === work.positives[query]) return;
        if (byte >= (certain[i] as number)) {
          above[query] = (above[query] as number) + 1;
        } else {
          opened[i] = (opened[i] as number) + 1;
          open.add(query, candidate);
        }
      });
      for (let i = 0; i < count; i++) if ((opened[i] as number) > Math.max(fewOpen, mostOpen * height)) giveUp(i);
    }
    open.settle();
    for (let i = 0; i < count; i++) if (given[i] === 1) above[start + i] = 0;
  }
  return Int32Array.from(hard);
}

/**
 * Sets scale and certainty of a query in a tile, `S` being the sum of products of whole numbers: `low <= q c` needs `S >= L`, which makes
 * the byte `flag` or more (127.6 stands for 127.5, from where on it is rounded up, and what float32 rounds in scaling); and a byte of
 * `certain` or more needs `S >= H`, which makes `q c >= high`.
 *
 * @returns whether bytes can tell anything of this query
 */
function threshold(
  { own, queries, screened }: ScreeningWork & { readonly screened: ScreenedCandidates },
  block: ScreenedQueries,
  tile: CandidateTile,
  start: number,
  i: number,
  scale: Float32Array,
  certain: Int32Array,
): boolean {
  const score = own[start + i] as number;
  const { low, high } = certainty(score, queries.columns, (block.whole[i] as number) * screened.norm * 4);
  const unit = tile.step * (block.step[i] as number);
  const bound = ((block.norm[i] as number) * tile.rest + (block.rest[i] as number) * tile.spread) * (1 + 2 ** -40);
  const at = block.atCenter[i] as number;
  const least = (low - at - bound) / unit;
  if (!(least >= leastSum) || least === Number.POSITIVE_INFINITY) return false;
  const factor = (flag - 0.4) / least;
  scale[i] = factor;
  certain[i] = Math.min(256, Math.ceil(((high - at + bound) / unit) * factor * (1 + 2 ** -20) + 0.5));
  return true;
}

/** Calls back for each byte from `flag` on, row by row: the bit that tells it is looked for in sixteen bytes at a time. */
function scan(
  words: Uint32Array,
  bytes: Uint8Array,
  columns: number,
  rows: number,
  found: (column: number, byte: number, row: number) => void,
): void {
  const bits = 0x80808080 | 0;
  const width = columns / 4;
  for (let row = 0; row < rows; row++) {
    const start = row * width;
    const end = start + width;
    let w = start;
    for (; w + 4 <= end; w += 4) {
      const any = (words[w] as number) | (words[w + 1] as number) | (words[w + 2] as number) | (words[w + 3] as number);
      if ((any & bits) === 0) continue;
      for (let at = w * 4; at < w * 4 + 16; at++) {
        const byte = bytes[at] as number;
        if (byte >= flag) found(at - start * 4, byte, row);
      }
    }
    for (let at = w * 4; at < end * 4; at++) {
      const byte = bytes[at] as number;
      if (byte >= flag) found(at - start * 4, byte, row);
    }
  }
}
