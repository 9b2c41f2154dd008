import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { type LearnedTemperature, learnedTemperature, type View } from '@uniecs/losses';
import { seededRandom } from '@uniecs/tensor';
import { expectNoTensorLeak, finiteDifference, randomArray } from '@uniecs/tensor/testing';
import { describe, expect, it } from 'vitest';
import { type QueryProductBatch, queryToProduct } from './query-product-terms.js';

const [n, d] = [7, 5];
const random = seededRandom(4);
const unit = (label: string) => {
  const data = randomArray(random.fork(label), [n, d]);
  return Float64Array.from(data, (value, at) => {
    const row = data.subarray(Math.floor(at / d) * d, Math.floor(at / d) * d + d);
    return value / Math.hypot(...row);
  });
};
const queries = unit('queries');
const products = unit('products');
/** Relevant beside the diagonal: of the same query, the same product, and one way alone. */
const also = new Set(['0 3', '3 0', '1 2', '5 4', '6 5', '2 6']);
const valid = [1, 1, 1, 1, 0, 1, 1];
const hasImage = [1, 0, 1, 1, 1, 1, 1];
const all = Array.from({ length: n }, () => 1);

/** -log of the positive's share among itself and what is not relevant, from both sides, row by row, NaN where there is no anchor. */
function oracle(q: Float64Array, p: Float64Array, tau: number, has: readonly number[]): number[] {
  const score = (i: number, j: number) => {
    let sum = 0;
    for (let k = 0; k < d; k++) sum += (q[i * d + k] as number) * (p[j * d + k] as number);
    return Math.exp(sum / tau);
  };
  return all.map((_, i) => {
    if (!valid[i] || !has[i]) return Number.NaN;
    let [forward, backward] = [0, 0];
    for (let j = 0; j < n; j++) {
      if (valid[j] && has[j] && !also.has(`${i} ${j}`)) forward += score(i, j);
      if (valid[j] && !also.has(`${j} ${i}`)) backward += score(j, i);
    }
    const own = score(i, i);
    return (Math.log(forward / own) + Math.log(backward / own)) / 2;
  });
}

const meanOf = (values: readonly number[]) => {
  const there = values.filter((value) => !Number.isNaN(value));
  return there.reduce((sum, value) => sum + value, 0) / there.length;
};

function batchOf(q: tf.Tensor, p: tf.Tensor, view: View, rows: readonly number[] = valid): QueryProductBatch {
  const mask = new Float32Array(n * n);
  for (const pair of also) {
    const [i, j] = pair.split(' ').map(Number) as [number, number];
    mask[i * n + j] = 1;
  }
  return {
    vectors: { query: q, [view]: p },
    labels: { valid: tf.tensor1d([...rows]), alsoRelevant: tf.tensor2d(mask, [n, n]), hasImage: tf.tensor1d(hasImage) },
  };
}

const matrix = (data: ArrayLike<number>) => tf.tensor2d(Float32Array.from(data), [n, d]);
const made: LearnedTemperature[] = [];
const tempered = (initial = 0.2) => {
  const temperature = learnedTemperature({ initial });
  made.push(temperature);
  return temperature;
};

describe('queryToProduct', () => {
  it.each([
    ['fused', all],
    ['text', all],
    ['image', hasImage],
  ] as const)(
    'equals loops in float64 that leave out what is relevant, invalid or without the view: %s',
    (view, has) => {
      const term = queryToProduct({ view, temperature: tempered() });
      const expected = oracle(queries, products, 0.2, has);
      tf.tidy(() => {
        const value = term.compute(batchOf(matrix(queries), matrix(products), view));
        expect(value.loss.dataSync()).toBeCloseToArray([meanOf(expected)], { relative: 1e-5 });
        const rows = expected.map((one) => (Number.isNaN(one) ? 0 : one));
        expect(value.perAnchor.dataSync()).toBeCloseToArray(rows, { relative: 1e-5, absolute: 1e-6 });
        expect(value.anchors.dataSync()[0]).toBe(expected.filter((one) => !Number.isNaN(one)).length);
        // Entries that count but for the mask: from the queries to products there, and back.
        const pairs = [...also].map((pair) => pair.split(' ').map(Number) as [number, number]);
        const is = (i: number) => Boolean(valid[i] && has[i]);
        const masked =
          pairs.filter(([i, j]) => is(i) && is(j)).length + pairs.filter(([i, j]) => is(j) && valid[i]).length;
        expect(value.maskedNegatives.dataSync()[0]).toBe(masked);
      });
      expect(term.name).toBe({ fused: 'Q2F', text: 'Q2T', image: 'Q2V' }[view]);
    },
  );

  it('has the gradients that finite differences of the loops have, the temperature among them', () => {
    const temperature = tempered();
    const term = queryToProduct({ view: 'image', temperature });
    const point = Float64Array.of(...queries, ...products, Math.log(0.2));
    const loss = (x: Float64Array) =>
      meanOf(oracle(x.subarray(0, n * d), x.subarray(n * d, 2 * n * d), Math.exp(x[2 * n * d] as number), hasImage));
    const expected = finiteDifference(loss, point);
    tf.tidy(() => {
      const [q, p] = [matrix(queries), matrix(products)];
      const { grads } = tf
        .engine()
        .gradients(() => term.compute(batchOf(q, p, 'image')).loss, [q, p, temperature.tree.log_temperature]);
      const found = grads.flatMap((grad) => [...grad.dataSync()]);
      expect(found).toBeCloseToArray(expected, { relative: 1e-4, absolute: 1e-5 });
      expect(Math.abs(found.at(-1) as number)).toBeGreaterThan(0.01);
    });
  });

  it('does not push another relevant product away, nor another query that a product is relevant to', () => {
    const term = queryToProduct({ view: 'fused', temperature: tempered() });
    const gradientOf = (row: number) =>
      tf.tidy(() => {
        const [q, p] = [matrix(queries), matrix(products)];
        const anchor = (both: QueryProductBatch) => tf.sum(tf.slice(term.compute(both).perAnchor, row, 1));
        const { grads } = tf.engine().gradients(() => anchor(batchOf(q, p, 'fused')), [q, p]);
        return grads.map((grad) => grad.arraySync() as number[][]) as [number[][], number[][]];
      });
    const [ofQueries, ofProducts] = gradientOf(0);
    const size = (row: number[] | undefined) => Math.hypot(...(row as number[]));
    // Product 3 is relevant to query 0, product 0 to query 3; all other rows that are there are negatives.
    expect([size(ofProducts[3]), size(ofQueries[3])]).toEqual([0, 0]);
    for (const j of [1, 2, 5, 6]) {
      expect(size(ofProducts[j])).toBeGreaterThan(1e-4);
      expect(size(ofQueries[j])).toBeGreaterThan(1e-4);
    }
    // Padding is nobody's negative.
    expect([size(ofProducts[4]), size(ofQueries[4])]).toEqual([0, 0]);
  });

  it('is 0 and has a gradient where no row is valid', () => {
    const term = queryToProduct({ view: 'fused', temperature: tempered() });
    tf.tidy(() => {
      const [q, p] = [matrix(queries), matrix(products)];
      const none = all.map(() => 0);
      const { value, grads } = tf.engine().gradients(() => term.compute(batchOf(q, p, 'fused', none)).loss, [q, p]);
      expect(value.dataSync()[0]).toBe(0);
      for (const grad of grads) expect([...grad.dataSync()].every((x) => x === 0)).toBe(true);
    });
  });

  it('refuses a batch without the view that it compares', () => {
    const term = queryToProduct({ view: 'image', temperature: tempered() });
    tf.tidy(() => {
      const batch = batchOf(matrix(queries), matrix(products), 'text');
      expect(() => term.compute(batch)).toThrow(/queryToProduct: expected vectors of the products' view 'image'/);
    });
  });

  it('leaves no tensor behind', async () => {
    const term = queryToProduct({ view: 'fused', temperature: tempered() });
    await expectNoTensorLeak(() => {
      const batch = tf.tidy(() => batchOf(matrix(queries), matrix(products), 'fused') as never) as QueryProductBatch;
      tf.dispose(term.compute(batch) as never);
      tf.dispose(batch as never);
    });
  });
});
