import {
  type CompiledFunction,
  compile,
  type DeviceState,
  deviceState,
  type HostTensor,
  type HostTree,
} from '@uniecs/compile';
import type { HostItems } from '../data/item-batch.js';
import { float32 } from '../data/item-batch.js';
import type { HostPairs } from '../data/pair-batches.js';
import type { ItemVectors } from './pair-vectors.js';
import type { TrainState } from './train-state.js';
import type { StepReport, TrainStages } from './train-step.js';

/** What a step reports, as numbers. */
export interface StepNumbers {
  readonly loss: number;
  readonly terms: Float32Array;
  readonly lambdas: Float32Array;
  readonly gradientNorms: Float32Array;
  readonly maskedNegatives: Float32Array;
}

/** Takes training steps with compiled stages. */
export interface StepRunner {
  readonly state: DeviceState;
  /** One step: changes the state. `dropoutKey` where the model drops. */
  run(batch: HostPairs, learningRate: number, dropoutKey?: Float32Array): Promise<StepNumbers>;
  dispose(): Promise<void>;
}

/**
 * Compiles the stages of a training step: in one graph when a micro-batch holds the whole batch, else stage by stage with
 * the encoders in micro-batches of `microBatch` pairs.
 */
export function stepRunner(
  stages: TrainStages,
  trained: TrainState,
  batchSize: number,
  microBatch: number,
): StepRunner {
  const { parameters, firstMoments, secondMoments, step, logLambda } = trained;
  const optimized = [[...parameters.values()], firstMoments, secondMoments, step, logLambda];
  const whole = microBatch >= batchSize;
  const state = deviceState(whole ? optimized : [optimized, stages.accumulators]);
  const rows = (key: Float32Array | undefined, start: number, count: number) =>
    key && {
      dropout: {
        key: float32(key, 2),
        rows: float32(
          Float32Array.from({ length: count }, (_, i) => start + i),
          count,
        ),
      },
    };
  const scalar = (value: number) => float32(Float32Array.of(value));

  if (whole) {
    const wholeStep = compile(stages.whole, { state, name: 'train step' });
    return {
      state,
      run: async ({ items, labels }, learningRate, key) =>
        numbers(await wholeStep({ items, labels, learningRate: scalar(learningRate), ...rows(key, 0, 2 * batchSize) })),
      dispose: () => wholeStep.dispose(),
    };
  }

  const encode = compile(stages.encode, { state, name: 'encode' });
  const head = compile(stages.head, { state, name: 'loss head' });
  const backward = compile(stages.backward, { state, name: 'backward' });
  const apply = compile(stages.apply, { state, name: 'update' });
  // Micro-batches cut the 2N items, so a micro-batch of n pairs is one of 2n items.
  const size = 2 * microBatch;
  const total = Math.ceil((2 * batchSize) / size) * size;

  async function run({ items, labels }: HostPairs, learningRate: number, key?: Float32Array): Promise<StepNumbers> {
    const parts: HostTree<ItemVectors>[] = [];
    for (let start = 0; start < total; start += size) {
      parts.push(await encode({ items: cutItems(items, start, size), ...rows(key, start, size) }));
    }
    const vectors = {
      fused: join(
        parts.map(({ fused }) => fused),
        2 * batchSize,
      ),
      image: join(
        parts.map(({ image }) => image),
        2 * batchSize,
      ),
      text: join(
        parts.map(({ text }) => text),
        2 * batchSize,
      ),
    };
    const { report, directions, termGradients } = await head({ vectors, labels });
    for (let start = 0; start < total; start += size) {
      const cutDirections = directions.map(({ fused, image, text }) => ({
        fused: cut(fused, start, size),
        image: cut(image, start, size),
        text: cut(text, start, size),
      }));
      await backward({ items: cutItems(items, start, size), directions: cutDirections, ...rows(key, start, size) });
    }
    return numbers(await apply({ report, termGradients, learningRate: scalar(learningRate) }));
  }

  const all: Pick<CompiledFunction<never, never>, 'dispose'>[] = [encode, head, backward, apply];
  return { state, run, dispose: async () => void (await Promise.all(all.map((stage) => stage.dispose()))) };
}

function numbers({ loss, terms, lambdas, gradientNorms, maskedNegatives }: HostTree<StepReport>): StepNumbers {
  const array = ({ data }: HostTensor) => Float32Array.from(data);
  return {
    loss: loss.data[0] as number,
    terms: array(terms),
    lambdas: array(lambdas),
    gradientNorms: array(gradientNorms),
    maskedNegatives: array(maskedNegatives),
  };
}

/** Rows of a host tensor. Beyond its end come zeros, or its first row again, so that every micro-batch has one shape. */
function cut(
  { dtype, shape, data }: HostTensor,
  start: number,
  count: number,
  beyond: 'zeros' | 'first' = 'zeros',
): HostTensor {
  const rowSize = shape.slice(1).reduce((product, n) => product * n, 1);
  const cutShape = [count, ...shape.slice(1)];
  const rows = data.subarray(start * rowSize, (start + count) * rowSize);
  if (rows.length === count * rowSize) return { dtype, shape: cutShape, data: rows };
  const out = dtype === 'int32' ? new Int32Array(count * rowSize) : new Float32Array(count * rowSize);
  out.set(rows);
  if (beyond === 'first') {
    for (let at = rows.length; at < out.length; at += rowSize) out.set(data.subarray(0, rowSize), at);
  }
  return { dtype, shape: cutShape, data: out };
}

function cutItems(items: HostItems, start: number, count: number): HostItems {
  const entries = Object.entries(items).filter(([, tensor]) => tensor !== undefined);
  return Object.fromEntries(
    entries.map(([name, tensor]) => [name, cut(tensor as HostTensor, start, count, 'first')]),
  ) as unknown as HostItems;
}

function join(parts: readonly HostTensor[], rows: number): HostTensor {
  const width = parts[0]?.shape[1] as number;
  const data = new Float32Array(rows * width);
  let at = 0;
  for (const part of parts) {
    const wanted = (part.data as Float32Array).subarray(0, data.length - at);
    data.set(wanted, at);
    at += wanted.length;
  }
  return float32(data, rows, width);
}
