import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import type { ModalityInputs, Representations } from '@uniecs/gated-fusion';
import { disposeModule, dropoutSource, namedParameters, seededRandom, UniecsError } from '@uniecs/tensor';
import { expectNoTensorLeak, finiteDifference, randomArray } from '@uniecs/tensor/testing';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { featureFusion64, type Parameters64, type Row64, scoreFusion64 } from '../testing/float64-baselines.js';
import { scatter } from '../testing/small-training.js';
import { featureFusion } from './feature-fusion.js';
import type { ItemFusion } from './item-fusion.js';
import { scoreFusion } from './score-fusion.js';

vi.setConfig({ testTimeout: 30_000 });

const widths = { image: 5, text: 11 };
const counts = { image: 3, text: 7 };
const shared = { imageWidth: widths.image, textWidth: widths.text };
const features = { width: 6, heads: 3, blocks: 2, ffnRatio: 2, dropout: 0 };
const views = ['fused', 'image', 'text'] as const;
const exactly = { relative: 0, absolute: 0 };
const closely = { relative: 1e-5, absolute: 2e-6 };

/** A batch as numbers: the rows' tokens, the lengths of their titles, and what they have. */
interface Batch {
  readonly image: Float32Array;
  readonly text: Float32Array;
  readonly lengths: readonly number[];
  readonly hasImage: readonly number[];
  readonly hasText: readonly number[];
}

/** Rows with both and a whole title, both and a short one, an image alone, a title alone. */
const mixed: Batch = {
  ...drawn(1),
  lengths: [7, 2, 3, 4],
  hasImage: [1, 1, 1, 0],
  hasText: [1, 1, 0, 1],
};

function drawn(seed: number): Pick<Batch, 'image' | 'text'> {
  const random = seededRandom(seed);
  const of = (modality: 'image' | 'text') =>
    randomArray(random.fork(modality), [4, counts[modality], widths[modality]]);
  return { image: of('image'), text: of('text') };
}

const maskOf = (lengths: readonly number[]) =>
  lengths.flatMap((length) => Array.from({ length: counts.text }, (_, n) => Number(n < length)));

function inputs({ image, text, lengths, hasImage, hasText }: Batch): ModalityInputs {
  const rows = lengths.length;
  return {
    image: { tokens: tf.tensor3d(image, [rows, counts.image, widths.image]), present: tf.tensor1d([...hasImage]) },
    text: {
      tokens: tf.tensor3d(text, [rows, counts.text, widths.text]),
      mask: tf.tensor2d(maskOf(lengths), [rows, counts.text]),
      present: tf.tensor1d([...hasText]),
    },
  };
}

/** The batch with other numbers in some rows of a modality. */
function replaced(batch: Batch, modality: 'image' | 'text', rows: readonly number[]): Batch {
  const other = drawn(2)[modality];
  const size = counts[modality] * widths[modality];
  return {
    ...batch,
    [modality]: batch[modality].map((x, i) => (rows.includes(Math.floor(i / size)) ? 9 * (other[i] as number) : x)),
  };
}

/** Some rows of a batch, in an order. */
function picked(batch: Batch, rows: readonly number[]): Batch {
  const cut = (data: Float32Array, size: number) =>
    Float32Array.from(rows.flatMap((row) => [...data.subarray(row * size, (row + 1) * size)]));
  const of = (values: readonly number[]) => rows.map((row) => values[row] as number);
  return {
    image: cut(batch.image, counts.image * widths.image),
    text: cut(batch.text, counts.text * widths.text),
    lengths: of(batch.lengths),
    hasImage: of(batch.hasImage),
    hasText: of(batch.hasText),
  };
}

/** The tokens that a row has and that count, for the oracle. */
function row64({ image, text, lengths, hasImage, hasText }: Batch, row: number): Row64 {
  const tokens = (data: Float32Array, modality: 'image' | 'text', used: number) =>
    Array.from({ length: used }, (_, n) => {
      const start = (row * counts[modality] + n) * widths[modality];
      return [...data.subarray(start, start + widths[modality])];
    });
  return {
    ...(hasImage[row] ? { image: tokens(image, 'image', counts.image) } : {}),
    ...(hasText[row] ? { text: tokens(text, 'text', lengths[row] as number) } : {}),
  };
}

const parameters64 = (fusion: ItemFusion): Map<string, Float64Array> =>
  new Map([...namedParameters(fusion)].map(([name, variable]) => [name, Float64Array.from(variable.dataSync())]));

const row = (x: tf.Tensor2D, index: number) => tf.slice(x, [index, 0], [1, -1]);

const baselines = [
  {
    name: 'CLIP_SF',
    width: 7,
    make: () => scoreFusion({ width: 7, ...shared, random: seededRandom(3) }),
    oracle: scoreFusion64,
  },
  {
    name: 'CLIP_FF',
    width: features.width,
    make: () => featureFusion({ ...features, ...shared, random: seededRandom(3) }),
    oracle: (p: Parameters64, item: Row64) => featureFusion64(p, features, item),
  },
];

beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

describe.each(baselines)('$name', ({ width, make, oracle }) => {
  const fusion = make();
  scatter(fusion, seededRandom(4));
  afterAll(() => disposeModule(fusion));

  /** f, v and t of all rows by the oracle; zeros where a row lacks what they are made of. */
  const naive = (p: Parameters64, batch: Batch): Record<(typeof views)[number], number[][]> => {
    const none = new Array<number>(width).fill(0);
    const rows = batch.lengths.map((_, index) => row64(batch, index));
    return {
      fused: rows.map((item) => oracle(p, item)),
      image: rows.map(({ image }) => (image ? oracle(p, { image }) : none)),
      text: rows.map(({ text }) => (text ? oracle(p, { text }) : none)),
    };
  };

  it('gives f, v and t of its equation, in rows with both, with a short title, with an image or a title alone', () => {
    const expected = naive(parameters64(fusion), mixed);
    const { fused, image, text } = fusion.represent(inputs(mixed));
    expect(fused).toBeCloseToArray(expected.fused, closely);
    expect(image).toBeCloseToArray(expected.image, closely);
    expect(text).toBeCloseToArray(expected.text, closely);
    expect(fusion.forward(inputs(mixed))).toBeCloseToArray(fused, exactly);
  });

  describe('has the gradient of finite differences', () => {
    const cotangents = views.map((view) => randomArray(seededRandom(9).fork(view), [4, width]));
    const weighted = (found: Representations) =>
      tf.addN(
        views.map((view, i) => tf.sum(tf.mul(found[view], tf.tensor2d(cotangents[i] as Float32Array, [4, width])))),
      ) as tf.Scalar;
    const weighted64 = (p: Parameters64, batch: Batch) => {
      const found = naive(p, batch);
      return views.reduce(
        (total, view, i) =>
          total + found[view].flat().reduce((sum, x, k) => sum + x * (cotangents[i]?.[k] as number), 0),
        0,
      );
    };

    it('of every parameter', () => {
      const variables = [...namedParameters(fusion)];
      const { grads } = tf.variableGrads(
        () => weighted(fusion.represent(inputs(mixed))),
        variables.map(([, x]) => x),
      );
      const p = parameters64(fusion);
      for (const [name, variable] of variables) {
        const expected = finiteDifference(
          (x) => weighted64(new Map(p).set(name, x), mixed),
          p.get(name) as Float64Array,
        );
        const gradient = tf.reshape(grads[variable.name] as tf.Tensor, [-1]);
        expect(gradient, name).toBeCloseToArray(expected, { relative: 1e-3, absolute: 3e-5 });
      }
    });

    it('of the tokens, zero for those that a row lacks and for padding', () => {
      const { image, text } = inputs(mixed) as Required<ModalityInputs>;
      const [dImage, dText] = tf.grads((x, y) =>
        weighted(
          fusion.represent({
            image: { ...image, tokens: x as tf.Tensor3D },
            text: { ...text, tokens: y as tf.Tensor3D } as NonNullable<ModalityInputs['text']>,
          } as ModalityInputs),
        ),
      )([image?.tokens as tf.Tensor, text?.tokens as tf.Tensor]) as [tf.Tensor, tf.Tensor];
      const p = parameters64(fusion);
      const slopes = (modality: 'image' | 'text') =>
        finiteDifference((x) => weighted64(p, { ...mixed, [modality]: x }), Float64Array.from(mixed[modality]));
      expect(tf.reshape(dImage, [-1])).toBeCloseToArray(slopes('image'), { relative: 1e-3, absolute: 3e-5 });
      expect(tf.reshape(dText, [-1])).toBeCloseToArray(slopes('text'), { relative: 1e-3, absolute: 3e-5 });
    });
  });

  it("a row's embedding does not depend on its batch mates: their features, lengths and presence", () => {
    const before = fusion.represent(inputs(mixed));
    for (const kept of [0, 1, 2, 3]) {
      const others = [0, 1, 2, 3].filter((index) => index !== kept);
      const flip = (present: readonly number[]) => present.map((x, index) => (index === kept ? x : 1 - x));
      const after = fusion.represent(
        inputs({
          ...replaced(replaced(mixed, 'image', others), 'text', others),
          lengths: mixed.lengths.map((length, index) => (index === kept ? length : 8 - length)),
          hasImage: flip(mixed.hasImage),
          hasText: flip(mixed.hasText),
        }),
      );
      for (const view of views) expect(row(after[view], kept)).toBeCloseToArray(row(before[view], kept), exactly);
    }
  });

  it('a row alone, with only the tokens that it has, has the embedding that it has in a batch', () => {
    const together = fusion.forward(inputs(mixed));
    for (const index of [0, 1, 2, 3]) {
      const { image, text } = inputs(picked(mixed, [index]));
      const { hasImage, hasText, lengths } = mixed;
      const title = tf.slice(text?.tokens as tf.Tensor3D, [0, 0, 0], [1, lengths[index] as number, -1]);
      const alone = fusion.forward({
        ...(hasImage[index] ? { image: { tokens: image?.tokens as tf.Tensor3D } } : {}),
        ...(hasText[index] ? { text: { tokens: title } } : {}),
      });
      expect(alone).toBeCloseToArray(row(together, index), closely);
    }
  });

  it('moves with the row', () => {
    const order = [2, 0, 3, 1];
    const before = fusion.represent(inputs(mixed));
    const after = fusion.represent(inputs(picked(mixed, order)));
    for (const view of views) expect(after[view]).toBeCloseToArray(tf.gather(before[view], order), exactly);
  });

  it('what stands in rows of a missing modality, and in padding, does not matter', () => {
    const before = fusion.represent(inputs(mixed));
    const after = fusion.represent(inputs(replaced(replaced(mixed, 'image', [3]), 'text', [2])));
    for (const view of views) expect(after[view]).toBeCloseToArray(before[view], exactly);
    const mask = maskOf(mixed.lengths);
    const padded = { ...mixed, text: mixed.text.map((x, i) => (mask[Math.floor(i / widths.text)] ? x : 100 - x)) };
    const other = fusion.represent(inputs(padded));
    for (const view of views) expect(other[view]).toBeCloseToArray(before[view], exactly);
  });

  it('v and t are what one modality alone gives, f of a row with one of them is that one, and what is missing is zero', () => {
    const { image, text } = inputs(mixed);
    const { fused, image: v, text: t } = fusion.represent({ image, text });
    expect(fusion.forward({ image })).toBeCloseToArray(v, exactly);
    expect(fusion.forward({ text })).toBeCloseToArray(t, exactly);
    expect(row(fused, 2)).toBeCloseToArray(row(v, 2), closely);
    expect(row(fused, 3)).toBeCloseToArray(row(t, 3), closely);
    expect(row(v, 3)).toBeCloseToArray(tf.zeros([1, width]), exactly);
    expect(row(t, 2)).toBeCloseToArray(tf.zeros([1, width]), exactly);
    const imagesAlone = fusion.represent({ image });
    expect(imagesAlone.fused).toBeCloseToArray(v, exactly);
    expect(imagesAlone.image).toBeCloseToArray(v, exactly);
    expect(imagesAlone.text).toBeCloseToArray(tf.zeros([4, width]), exactly);
  });

  it('a batch where all have both needs no presence, and gives the same', () => {
    const whole = picked(mixed, [0, 1]);
    const { image, text } = inputs(whole);
    const { present: _, ...images } = image as NonNullable<ModalityInputs['image']>;
    const { present: __, ...titles } = text as NonNullable<ModalityInputs['text']>;
    const marked = fusion.represent({ image, text });
    const plain = fusion.represent({ image: images, text: titles });
    for (const view of views) {
      expect(plain[view]).toBeCloseToArray(marked[view], closely);
      expect(tf.norm(plain[view], 'euclidean', 1)).toBeCloseToArray([1, 1], { relative: 1e-6 });
    }
  });

  it('takes a batch of one', () => {
    for (const index of [0, 1, 2, 3]) {
      const one = picked(mixed, [index]);
      const expected = naive(parameters64(fusion), one);
      const found = fusion.represent(inputs(one));
      for (const view of views) {
        expect(found[view].shape).toEqual([1, width]);
        expect(found[view]).toBeCloseToArray(expected[view], closely);
      }
    }
  });

  it('draws its parameters from the seed alone', () => {
    const [one, other] = [make(), make()];
    expect(parameters64(one)).toEqual(parameters64(other));
    for (const each of [one, other]) disposeModule(each);
  });

  it('refuses a batch of nothing', () => {
    for (const call of [() => fusion.forward({}), () => fusion.represent({})]) {
      expect(call).toThrow(/expected image, text or both, got neither/);
    }
  });

  it('leaks no tensor', async () => {
    const batch = inputs(mixed);
    await expectNoTensorLeak(() => {
      const { fused, image, text } = fusion.represent(batch);
      tf.dispose([fused, image, text, fusion.forward(batch), fusion.forward({ text: batch.text })]);
    });
  });
});

describe('CLIP_SF', () => {
  it('scores two items, up to their lengths, by the sum of the similarities of their modalities', () => {
    const fusion = scoreFusion({ width: 7, ...shared, random: seededRandom(5) });
    const { fused, image, text } = fusion.represent(
      inputs({ ...mixed, hasImage: [1, 1, 1, 1], hasText: [1, 1, 1, 1] }),
    );
    const products = (a: tf.Tensor2D, b: tf.Tensor2D) => tf.matMul(a, b, false, true);
    const sums = tf.addN([products(image, image), products(image, text), products(text, image), products(text, text)]);
    const lengths = tf.norm(tf.add(image, text), 'euclidean', 1, true);
    expect(products(fused, fused)).toBeCloseToArray(
      tf.div(sums, products(lengths as tf.Tensor2D, lengths as tf.Tensor2D)),
      closely,
    );
    disposeModule(fusion);
  });

  it('has two parameters, a map of each modality', () => {
    const fusion = scoreFusion({ width: 7, ...shared, random: seededRandom(5) });
    const shapes = [...namedParameters(fusion)].map(([name, { shape }]) => [name, shape]);
    expect(shapes).toEqual([
      ['image.weight', [7, 5]],
      ['text.weight', [7, 11]],
    ]);
    disposeModule(fusion);
  });
});

describe('CLIP_FF', () => {
  it('names its parameters as documented', () => {
    const fusion = featureFusion({ ...features, ...shared, random: seededRandom(5) });
    const parts = [...namedParameters(fusion).keys()].map((name) => name.replace(/^(blocks\.\d|[^.]+).*/, '$1'));
    expect([...new Set(parts)]).toEqual([
      ...[
        'image_projection',
        'text_projection',
        'modality_embedding',
        'blocks.0',
        'blocks.1',
        'layer_norm',
        'projection',
      ],
    ]);
    expect(namedParameters(fusion).get('projection.weight')?.shape).toEqual([6, 6]);
    expect(namedParameters(fusion).has('projection.bias')).toBe(false);
    disposeModule(fusion);
  });

  it('drops only where a source is given', () => {
    const fusion = featureFusion({ ...features, dropout: 0.5, ...shared, random: seededRandom(5) });
    const plain = fusion.forward(inputs(mixed));
    expect(fusion.forward(inputs(mixed), {})).toBeCloseToArray(plain, exactly);
    const dropout = () => dropoutSource({ key: tf.tensor1d([1, 2]), rows: tf.range(0, 4) });
    const dropped = fusion.forward(inputs(mixed), { dropout: dropout() });
    expect(dropped.dataSync()).not.toEqual(plain.dataSync());
    expect(fusion.forward(inputs(mixed), { dropout: dropout() })).toBeCloseToArray(dropped, exactly);
    disposeModule(fusion);
  });

  it('refuses heads that do not divide the width', () => {
    const make = () => featureFusion({ ...features, heads: 4, ...shared, random: seededRandom(5) });
    expect(make).toThrow(UniecsError);
    expect(make).toThrow(/a width that is a multiple of heads, got width 6 and 4 heads/);
  });
});
