import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { disposeModule, namedParameters, seededRandom } from '@uniecs/tensor';
import { expectNoTensorLeak } from '@uniecs/tensor/testing';
import { describe, expect, it } from 'vitest';
import { smallQueryBatch, smallTwoTower, smallTwoTowerConfig } from './testing/small-two-tower.js';
import { twoTowerConfig } from './two-tower-config.js';
import { type ProductTensors, type QueryTensors, twoTower } from './two-tower-model.js';

const close = { relative: 1e-4, absolute: 2e-6 };
const rowOf = <T extends object>(tree: T, row: number): T =>
  Object.fromEntries(Object.entries(tree).map(([name, tensor]) => [name, tf.gather(tensor as tf.Tensor, [row])])) as T;

describe('twoTower', () => {
  it.each(['alignment', 'fusion'] as const)(
    'gives a query and a product an embedding that does not depend on their batch mates: %s',
    (stage) => {
      const model = smallTwoTower(smallTwoTowerConfig(stage));
      tf.tidy(() => {
        const { queries, products } = smallQueryBatch({ rows: 7, partial: true });
        const together = [model.embedQueries(queries), model.embedProducts(products)] as const;
        for (let row = 0; row < 7; row++) {
          const query: QueryTensors = rowOf(queries, row);
          const product: ProductTensors = rowOf(products, row);
          const alone = [model.embedQueries(query), model.embedProducts(product)];
          together.forEach((all, tower) => {
            expect(tf.gather(all, [row]).dataSync()).toBeCloseToArray(alone[tower]?.dataSync() as Float32Array, close);
          });
        }
        const norms = together.flatMap((all) => [...tf.norm(all, 2, 1).dataSync()]);
        expect(norms).toBeCloseToArray(
          norms.map(() => 1),
          { relative: 1e-5 },
        );
      });
      disposeModule(model);
    },
  );

  it('embeds a query by its own encoder: the projected mean of its tokens, normalised', () => {
    const model = smallTwoTower(smallTwoTowerConfig('fusion'));
    tf.tidy(() => {
      const { queries } = smallQueryBatch({ rows: 3 });
      const { tokens } = model.tree.query_encoder.forward(queries.ids, queries.mask);
      const [features, mask] = [tokens.arraySync(), queries.mask.arraySync() as number[][]];
      const weight = model.tree.query_projection.tree.weight.arraySync() as number[][];
      const expected = features.flatMap((rows, b) => {
        const used = rows.filter((_, i) => mask[b]?.[i] === 1);
        const mean = (rows[0] as number[]).map(
          (_, k) => used.reduce((sum, row) => sum + (row[k] as number), 0) / used.length,
        );
        const mapped = weight.map((column) => column.reduce((sum, w, k) => sum + w * (mean[k] as number), 0));
        return mapped.map((value) => value / Math.hypot(...mapped));
      });
      expect(model.embedQueries(queries).dataSync()).toBeCloseToArray(expected, close);
    });
    disposeModule(model);
  });

  it('starts both text encoders alike, as variables of their own', () => {
    const model = twoTower(smallTwoTowerConfig('fusion'), seededRandom(8));
    const named = namedParameters(model);
    const own = [...named].filter(([name]) => name.startsWith('query_encoder.'));
    expect(own.length).toBeGreaterThan(10);
    for (const [name, variable] of own) {
      const other = named.get(name.replace('query_encoder.', 'text_encoder.')) as tf.Variable;
      expect(other).not.toBe(variable);
      expect([...other.dataSync()]).toEqual([...variable.dataSync()]);
    }
    disposeModule(model);
  });

  it('has no image encoder where the product tower reads the title alone, and embeds titles', () => {
    const model = smallTwoTower(smallTwoTowerConfig('fusion', 'text'));
    expect([...namedParameters(model).keys()].some((name) => name.startsWith('image_encoder'))).toBe(false);
    tf.tidy(() => {
      const { products } = smallQueryBatch({ rows: 5, reads: 'text' });
      const fused = model.embedProducts(products);
      expect(fused.shape).toEqual([5, 8]);
      expect(fused.dataSync()).toBeCloseToArray(model.represent(products).text.dataSync() as Float32Array, close);
    });
    disposeModule(model);
  });

  it('leaves no tensor behind', async () => {
    const model = smallTwoTower(smallTwoTowerConfig('fusion'));
    const batch = smallQueryBatch({ rows: 2 });
    await expectNoTensorLeak(() => {
      tf.dispose([model.embedQueries(batch.queries), model.embedProducts(batch.products)]);
      tf.dispose(model.represent(batch.products) as never);
    });
    disposeModule(model);
  });
});

it('a stage has the encoders of its size, stage 1 a linear map a modality, stage 2 the gated fusion of the preset', () => {
  const given = { size: 'tiny', vocabularySize: 50, reads: 'image and text' } as const;
  const first = twoTowerConfig({ ...given, stage: 'alignment', preset: 'paper' });
  const second = twoTowerConfig({ ...given, stage: 'fusion', preset: 'paper' });
  expect(first.product).toMatchObject({ architecture: 'clip-sf', fusion: { width: 128 } });
  expect(second.product).toMatchObject({ architecture: 'uniecs', fusion: { width: 128, residual: 'none' } });
  expect([first.product.image, first.product.text]).toEqual([second.product.image, second.product.text]);
  const recommended = twoTowerConfig({ ...given, stage: 'fusion', preset: 'recommended' });
  expect(recommended.product).toMatchObject({ architecture: 'uniecs', fusion: { norm: 'post', residual: 'pooled' } });
});
