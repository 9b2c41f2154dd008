import '@tensorflow/tfjs-backend-cpu';
import '@uniecs/tensor/testing';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { recommendedLosses } from '@uniecs/losses';
import { namedParameters, UniecsError } from '@uniecs/tensor';
import { readSafetensors } from '@uniecs/tensor/node';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { FeatureTensors, ItemTensors } from '../model/item-tensors.js';
import { type SmallCatalogue, smallCatalogue, withGaps } from '../testing/small-catalogue.js';
import { smallRun } from '../testing/small-run.js';
import {
  joined,
  keptGradients,
  relativeDistance,
  smallBatch,
  smallTraining,
  tensorsOf,
} from '../testing/small-training.js';
import type { PairLabels } from './pair-vectors.js';
import type { TrainOptions } from './train.js';
import type { TrainEvent } from './train-events.js';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

describe('a step from token features', () => {
  const frozenOf = (names: Iterable<string>) =>
    new Set([...names].filter((name) => /^(image|text)_encoder\./.test(name)));
  const training = () => {
    const terms = recommendedLosses();
    const { model } = smallTraining({ terms: recommendedLosses() });
    return smallTraining({ terms, frozen: frozenOf(namedParameters(model).keys()), dropout: { fusion: 0.3 } });
  };
  const dropout = (rows: number) => ({ key: tf.tensor1d([3, 5]), rows: tf.range(0, rows) });

  /** The losses of a step, and the gradients of all that is trained. */
  function stepOf(partial: boolean, from: 'items' | 'features' | 'halves') {
    const { model, stages, state } = training();
    const batch = smallBatch({ pairs: 5, padding: 2, partial });
    const items = tensorsOf<ItemTensors>(batch.items);
    const half = (x: tf.Tensor3D) => {
      const bits = new Float32Array(x.dataSync()).map((value) => {
        const exponent = Math.max(-14, Math.floor(Math.log2(Math.abs(value) || 1)));
        const step = 2 ** (exponent - 10);
        return Math.round(value / step) * step;
      });
      return tf.tensor3d(bits, x.shape);
    };
    const features = (): FeatureTensors => {
      const { mask, hasImage, hasText } = items;
      const V = model.tree.image_encoder.forward(items.pixels).tokens;
      const T = model.tree.text_encoder.forward(items.ids, mask).tokens;
      const [imageTokens, textTokens] = from === 'halves' ? [half(V), half(T)] : [V, T];
      return { imageTokens, textTokens, mask: mask as tf.Tensor2D, hasImage, hasText };
    };
    const report = stages.whole({
      items: from === 'items' ? items : features(),
      labels: tensorsOf<PairLabels>(batch.labels),
      learningRate: tf.scalar(0),
      dropout: dropout(14),
    });
    const gradients = joined(keptGradients(state).values());
    return { losses: report.terms.dataSync() as Float32Array, gradients, names: [...state.trained.keys()] };
  }

  it.each([false, true])(
    'is the step that encodes, losses and gradients, to 1e-5 (items lack modalities: %s)',
    (partial) => {
      const [encoded, kept] = [stepOf(partial, 'items'), stepOf(partial, 'features')];
      expect(kept.losses).toBeCloseToArray(encoded.losses, { relative: 1e-5, absolute: 1e-6 });
      expect(encoded.names.some((name) => name.includes('encoder'))).toBe(false);
      expect(encoded.gradients.some((x) => Math.abs(x) > 1e-3)).toBe(true);
      expect(relativeDistance(kept.gradients, encoded.gradients)).toBeLessThan(1e-5);
    },
  );

  it('from features rounded to float16 differs by about the rounding', () => {
    const [encoded, kept] = [stepOf(true, 'items'), stepOf(true, 'halves')];
    expect(kept.losses).toBeCloseToArray(encoded.losses, { relative: 5e-3, absolute: 1e-3 });
    const distance = relativeDistance(kept.gradients, encoded.gradients);
    expect(distance).toBeLessThan(1e-2);
    expect(distance).toBeGreaterThan(1e-6);
  });
});

describe('train on features', () => {
  let catalogue: SmallCatalogue;
  const at = (...names: string[]) => join(catalogue.folder, ...names);

  const run = (name: string, options: Partial<TrainOptions> = {}) => smallRun(catalogue, name, options);

  const onFeatures = (name: string, cache: string, more: Partial<TrainOptions> = {}) =>
    run(name, {
      init: at('start'),
      features: at(cache),
      ...more,
      settings: { freeze: ['encoders'], ...more.settings },
    });
  const lossesOf = (events: readonly TrainEvent[]) =>
    events.flatMap((event) => (event.type === 'step' ? [event.loss] : []));
  const encodedIn = (events: readonly TrainEvent[]) =>
    events.flatMap((event) => (event.type === 'features' ? [event.done] : [])).at(-1) ?? 0;
  const weightsOf = async (name: string) => {
    const { tensors } = await readSafetensors(at(name, 'model.safetensors'));
    return new Map([...tensors].map(([key, { data }]) => [key, Array.from(data as Float32Array)]));
  };

  beforeAll(async () => {
    catalogue = await smallCatalogue();
    await run('start');
  });
  afterAll(() => catalogue.remove());

  it('takes the steps that encode, up to the rounding, and leaves a model folder with the encoders as they were', async () => {
    const [encoded, kept] = [
      await onFeatures('encoded', 'none', { features: undefined, settings: { augmentation: false } } as never),
      await onFeatures('kept', 'cache'),
    ];
    expect(encodedIn(encoded.events)).toBe(0);
    expect(encodedIn(kept.events)).toBeGreaterThan(20);
    expect(lossesOf(kept.events)).toHaveLength(3);
    expect(lossesOf(kept.events)).toBeCloseToArray(lossesOf(encoded.events), { relative: 2e-3, absolute: 0 });
    const [start, after] = [await weightsOf('start'), await weightsOf('kept')];
    expect([...after.keys()]).toEqual([...start.keys()]);
    for (const [name, values] of start) {
      if (name.includes('encoder')) expect(after.get(name), name).toEqual(values);
    }
    expect(after.get('fusion.fusion.projection.weight')).not.toEqual(start.get('fusion.fusion.projection.weight'));
  });

  it('encodes nothing in a second run, also in micro-batches and with items that lack something', async () => {
    const gaps = { train: withGaps(catalogue.train) };
    await onFeatures('first', 'shared', gaps);
    const { events, summary } = await onFeatures('second', 'shared', {
      ...gaps,
      settings: { microBatch: 3, modalityDropout: { text: 0.2 } },
    });
    expect(encodedIn(events)).toBe(0);
    expect(summary.steps).toBe(3);
    const whole = lossesOf(
      (await onFeatures('third', 'shared', { ...gaps, settings: { modalityDropout: { text: 0.2 } } })).events,
    );
    expect(lossesOf(events)).toBeCloseToArray(whole, { relative: 1e-4 });
  });

  it('goes on with both encoders unfrozen from what it left', async () => {
    await onFeatures('head', 'cache');
    const { summary } = await run('tuned', { init: at('head'), features: at('cache') });
    expect(summary.steps).toBe(3);
    const [head, tuned] = [await weightsOf('head'), await weightsOf('tuned')];
    expect(tuned.get('image_encoder.post_layernorm.weight')).not.toEqual(
      head.get('image_encoder.post_layernorm.weight'),
    );
  });

  it('stopped while it encodes is a run that was stopped before its first step, and goes on', async () => {
    const stop = new AbortController();
    const { summary } = await onFeatures('stopped', 'stopped-cache', {
      signal: stop.signal,
      onEvent: (event) => void (event.type === 'note' && event.text.includes('made first') && stop.abort()),
    });
    expect(summary).toMatchObject({ steps: 0, interrupted: true });
    const resumed = await run('stopped', {
      resume: true,
      features: at('stopped-cache'),
      settings: { freeze: ['encoders'] },
    });
    expect(resumed.summary).toMatchObject({ steps: 3, interrupted: false });
    const straight = await onFeatures('straight', 'stopped-cache');
    expect(lossesOf(resumed.events)).toEqual(lossesOf(straight.events));
  });

  it('refuses augmentation that would be ignored, and a resumed run that would encode', async () => {
    const asked = onFeatures('augmented', 'cache', { settings: { augmentation: { flip: 0.5 } } });
    await expect(asked).rejects.toThrow(/no augmentation with frozen encoders.*"flip":0.5/);
    await onFeatures('bound', 'cache', { settings: { steps: 2 } });
    const error = await run('bound', { resume: true, settings: { freeze: ['encoders'] } }).catch(
      (thrown: unknown) => thrown,
    );
    expect(UniecsError.isInstance(error) && error.code).toBe('data');
  });
});
