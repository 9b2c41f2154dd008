import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '@uniecs/tensor';

/**
 * What is drawn: `near`, 1,000 styles in a cone, products at a cosine of .8 from their style's centre, each view of an item at .75 to .95
 * from its product, so that partners meet at .56 to .9 (a trained model); `unrelated`, every vector by itself (no model at all).
 * @typedef {'near' | 'unrelated'} Kind
 * @typedef {{ folder: string, kind: Kind, pairs: number, dimension: number }} RanksData
 */

/** Views of a side, as the nine tasks have them. */
export const viewCount = 3;

/** @param {string} folder @param {'query' | 'candidate'} side @param {number} view */
export const viewFile = (folder, side, view) => join(folder, `${side}-${view}.f32`);

/**
 * Writes the views of both sides, float32 of norm 1, row i of each being of pair i.
 * @param {{ kind: Kind, pairs: number, dimension: number, seed?: number }} of
 * @returns {RanksData & { remove: () => void }}
 */
export function drawRanksData({ kind, pairs, dimension, seed = 7 }) {
  const folder = mkdtempSync(join(tmpdir(), 'uniecs-ranks-'));
  const random = seededRandom(seed);
  const draw = () => unit(Float64Array.from({ length: dimension }, () => random.normal()));
  const near = (/** @type {Float64Array} */ row, /** @type {number} */ cosine) => {
    const other = draw();
    const rest = Math.sqrt(1 - cosine * cosine);
    return unit(row.map((value, k) => cosine * value + rest * /** @type {number} */ (other[k])));
  };
  const cone = draw();
  const centers = Array.from({ length: 1000 }, () => near(cone, 0.5));
  const product = () => near(/** @type {Float64Array} */ (centers[random.integer(centers.length)]), 0.8);
  const files = /** @type {const} */ (['query', 'candidate']).flatMap((side) =>
    Array.from({ length: viewCount }, (_, view) => openSync(viewFile(folder, side, view), 'w')),
  );
  for (let j = 0; j < pairs; j++) {
    const shared = kind === 'near' ? product() : undefined;
    for (const file of files) {
      const row = shared ? near(shared, 0.75 + 0.2 * random.uniform()) : draw();
      writeSync(file, Buffer.from(Float32Array.from(row).buffer));
    }
  }
  for (const file of files) closeSync(file);
  return { folder, kind, pairs, dimension, remove: () => rmSync(folder, { recursive: true }) };
}

function unit(/** @type {Float64Array} */ row) {
  const norm = Math.sqrt(row.reduce((sum, value) => sum + value * value, 0));
  return row.map((value) => value / norm);
}
