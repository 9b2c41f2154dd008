import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import type { Precision } from '@uniecs/compile';
import { cmal, type LossTerm } from '@uniecs/losses';
import { describe, expect, it } from 'vitest';
import { joined, relativeDistance, smallBatch, smallTraining } from '../testing/small-training.js';
import { stepRunner } from './step-runner.js';

const batch = smallBatch({ pairs: 4, partial: true });
const dropout = { image: 0.2, text: 0.2, fusion: 0.2 };
const key = Float32Array.of(3, 4);

/** A term's loss and gradients times a factor. */
function faint(factor: number): LossTerm {
  const term = cmal()[0] as LossTerm;
  return {
    ...term,
    compute: (representations) => {
      const computed = term.compute(representations);
      return { ...computed, loss: tf.mul<tf.Scalar>(computed.loss, factor) };
    },
  };
}

interface StepKind {
  /** Of the loss. */
  readonly factor?: number;
  readonly precision?: Precision;
  readonly lossScale?: number;
}

/** Each kind of step is taken once. */
const taken = new Map<string, ReturnType<typeof take>>();

function step(micro: number, kind: StepKind = {}): ReturnType<typeof take> {
  const key = JSON.stringify([micro, kind]);
  const known = taken.get(key) ?? take(micro, kind);
  taken.set(key, known);
  return known;
}

async function take(micro: number, { factor = 1, precision, lossScale }: StepKind) {
  const { stages, state } = smallTraining({ terms: [faint(factor)], dropout });
  const runner = stepRunner(stages, state, 4, micro, { precision });
  const numbers = await runner.run(batch, 1, key, lossScale);
  const gradients = state.firstMoments.map((moment) => Float32Array.from(runner.state.read(moment).data));
  await runner.dispose();
  return { ...numbers, gradients: joined(gradients) };
}

describe.each([
  ['in one graph', 4],
  ['in micro-batches', 3],
])('a step %s', (_, micro) => {
  it('has the same bits with a loss scale, in float32', async () => {
    const [plain, scaled] = [await step(micro, {}), await step(micro, { lossScale: 1024 })];
    expect(scaled).toEqual(plain);
    expect(plain.gradients.some((value) => value !== 0)).toBe(true);
  });

  it.each([
    ['float16', 3e-3, 1024],
    ['bfloat16', 3e-2, undefined],
  ] as const)(
    'with products of %s has nearly the gradients of float32, and a loss of float32',
    async (precision, near, lossScale) => {
      const exact = await step(micro, {});
      const rounded = await step(micro, { precision, ...(lossScale ? { lossScale } : {}) });
      const distance = relativeDistance(rounded.gradients, exact.gradients);
      expect(distance).toBeGreaterThan(near / 100);
      expect(distance).toBeLessThan(near);
      expect(rounded.loss).toBeCloseTo(exact.loss, 1);
    },
  );

  it('loses small gradients in float16, and keeps them with a loss scale', async () => {
    const factor = 1e-7;
    const exact = await step(micro, { factor });
    const lost = await step(micro, { factor, precision: 'float16' });
    const kept = await step(micro, { factor, precision: 'float16', lossScale: 65536 });
    expect(relativeDistance(lost.gradients, exact.gradients)).toBeGreaterThan(0.1);
    expect(relativeDistance(kept.gradients, exact.gradients)).toBeLessThan(3e-3);
  });

  it('is not taken where the scaled gradient overflows float16, though the loss is finite', async () => {
    const numbers = await step(micro, { precision: 'float16', lossScale: 2 ** 40 });
    expect(numbers.taken).toBe(false);
    expect(Number.isFinite(numbers.loss)).toBe(true);
    expect(Number.isFinite(numbers.gradientNorm)).toBe(false);
    expect(numbers.gradients.every((value) => value === 0)).toBe(true);
  });
});
