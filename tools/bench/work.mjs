/**
 * Floating-point operations (a multiplication and an addition count as two) of the matrix products of a case. Elementwise work is
 * left out, and so is what two passes could share, so it is what a user of PyTorch would have computed.
 *
 * @param {import('./case.mjs').Case} benchCase
 * @returns {{ step: number, encode: number }} of one training step of N pairs; of the fused embedding of 2N items at inference
 */
export function work({ model, pairs, microBatch }) {
  const items = 2 * pairs;
  const { image, text, fusion } = model;
  const patches = (image.imageSize / image.patchSize) ** 2;
  const [Lv, Lt, D] = [patches + 1, text.maxLength, fusion.width];
  const patchMap = affine(patches, 3 * image.patchSize ** 2, image.width);
  const vision = image.layers * block(Lv, image.width, image.ffnRatio ?? 4);
  const words = text.layers * block(Lt, text.width, text.ffnRatio ?? 4);
  const projections = affine(Lv, image.width, D) + affine(Lt, text.width, D);
  const passes = [fuse(fusion, Lv, Lt), fuse(fusion, Lv, 1), fuse(fusion, 1, Lt)];
  const [fused = 0] = passes;
  const all = passes.reduce((sum, pass) => sum + pass);
  // A product's gradient takes two products, that of the patches, whose input is data, one. In micro-batches the forward pass runs twice.
  const forward = patchMap + vision + words + projections + all;
  const runs = microBatch < pairs ? 4 : 3;
  return {
    step: items * (runs * forward - patchMap),
    encode: items * (patchMap + vision + words + projections + fused),
  };
}

/** A linear map of `rows` vectors. @param {number} rows @param {number} from @param {number} to */
const affine = (rows, from, to) => 2 * rows * from * to;

/** Both products of attention. @param {number} queries @param {number} keys @param {number} width */
const attention = (queries, keys, width) => 4 * queries * keys * width;

/** A transformer block over L tokens; over one, attention is two maps; pooled, the last map runs once. */
function block(/** @type {number} */ L, /** @type {number} */ width, /** @type {number} */ ratio, pooled = false) {
  const maps = L === 1 ? 2 : 4;
  const attend = L === 1 ? 0 : attention(L, L, width);
  return maps * affine(L, width, width) + attend + affine(L + (pooled ? 1 : L), width, ratio * width);
}

/**
 * One pass of the fusion for an item with Lv image and Lt text tokens.
 * @param {import('@uniecs/retrieval').FusionConfig} fusion
 * @param {number} Lv
 * @param {number} Lt
 */
function fuse({ width: D, crossLayers, selfBlocks, fusionBlocks, ffnRatio, residual }, Lv, Lt) {
  /** @param {number} own @param {number} other */
  const side = (own, other) => {
    const heard = other === 1 ? 1 : own;
    const attend = other === 1 ? affine(2, D, D) : affine(2 * (own + other), D, D) + attention(own, other, D);
    return attend + affine(own + heard, D, D);
  };
  const blocks = (/** @type {number} */ L) =>
    selfBlocks === 0 ? 0 : (selfBlocks - 1) * block(L, D, ffnRatio) + block(L, D, ffnRatio, true);
  const pools = 2 * affine(1, D, D);
  const network = affine(1, 2 * D, D) + fusionBlocks * block(1, D, ffnRatio);
  const shortcut = residual === 'none' ? 0 : affine((Lv > 1 ? 1 : 0) + (Lt > 1 ? 1 : 0), D, D);
  return crossLayers * (side(Lv, Lt) + side(Lt, Lv)) + blocks(Lv) + blocks(Lt) + pools + network + shortcut;
}
