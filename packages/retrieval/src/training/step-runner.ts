import {
  type CompiledFunction,
  compile,
  type Device,
  type DeviceState,
  deviceState,
  type HostTensor,
  type HostTree,
  type Precision,
} from '@uniecs/compile';
import type { PixelPreparation } from '@uniecs/encoders/node';
import { cutRows } from '../data/cut-rows.js';
import { batchFeeder, type HostBatch } from '../data/feed-batches.js';
import { float32 } from '../data/item-batch.js';
import type { HostPairs } from '../data/pair-batches.js';
import type { ItemVectors } from './pair-vectors.js';
import { isFiniteStep, type StepNumbers, stepNumbers } from './step-numbers.js';
import type { TrainState } from './train-state.js';
import type { TrainStages } from './train-step.js';

/** Takes training steps with compiled stages. */
export interface StepRunner {
  readonly state: DeviceState;
  /**
   * One step, after the one before is done. Changes the state, unless a loss or gradient is not finite: then the state is as it
   * was, to the bit, and `taken` is false. `dropoutKey` where the model drops, `lossScale` where the precision is float16.
   */
  run(
    batch: HostPairs<HostBatch>,
    learningRate: number,
    dropoutKey?: Float32Array,
    lossScale?: number,
  ): Promise<StepNumbers>;
  /** Frees the sessions and the state. */
  dispose(): Promise<void>;
}

/** Where a step runs, and what its encoders' matrix products multiply; default the CPU, in float32. */
export interface StepPlace {
  readonly device?: Device | undefined;
  readonly precision?: Precision | undefined;
  /** Mean and deviation of the pixels; default CLIP's. */
  readonly pixels?: PixelPreparation | undefined;
}

/**
 * Compiles the stages of a training step: in one graph when a micro-batch holds the whole batch, else stage by stage with
 * the encoders in micro-batches of `microBatch` pairs. All of it runs on one device; the encoders' matrix products multiply `precision`.
 */
export function stepRunner(
  stages: TrainStages,
  trained: TrainState,
  batchSize: number,
  microBatch: number,
  { device = 'cpu', precision = 'float32', pixels }: StepPlace = {},
): StepRunner {
  const { parameters, firstMoments, secondMoments, step, logLambda, averages } = trained;
  const optimized = [[...parameters.values()], firstMoments, secondMoments, step, logLambda, averages];
  const whole = microBatch >= batchSize;
  const state = deviceState(whole ? optimized : [optimized, stages.accumulators], device);
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
  const scale = (value: number | undefined) => value !== undefined && { lossScale: scalar(value) };
  const feed = batchFeeder(pixels);

  if (whole) {
    const wholeStep = compile(stages.whole, { state, name: 'train step', accept: isFiniteStep, precision });
    return {
      state,
      run: async ({ items, labels }, learningRate, key, lossScale) => {
        const fed = { items: feed(items), labels, ...rows(key, 0, items.mask.shape[0] as number), ...scale(lossScale) };
        return stepNumbers(await wholeStep({ ...fed, learningRate: scalar(learningRate) }));
      },
      dispose: async () => {
        await state.dispose();
        await wholeStep.dispose();
      },
    };
  }

  const encode = compile(stages.encode, { state, name: 'encode', precision });
  const head = compile(stages.head, { state, name: 'loss head' });
  const backward = compile(stages.backward, { state, name: 'backward', precision });
  const apply = compile(stages.apply, { state, name: 'update', accept: isFiniteStep, arena: false });
  const clear = compile(stages.clear, { state, name: 'clear', arena: false });
  // Micro-batches cut the 2N items, so a micro-batch of n pairs is one of 2n items.
  const size = 2 * microBatch;

  async function run(
    { items, labels }: HostPairs<HostBatch>,
    learningRate: number,
    key?: Float32Array,
    lossScale?: number,
  ): Promise<StepNumbers> {
    const batchRows = items.mask.shape[0] as number;
    const total = Math.ceil(batchRows / size) * size;
    const parts: HostTree<ItemVectors>[] = [];
    for (let start = 0; start < total; start += size) {
      parts.push(await encode({ items: feed(items, { start, count: size }), ...rows(key, start, size) }));
    }
    const vectors = {
      fused: join(
        parts.map(({ fused }) => fused),
        batchRows,
      ),
      image: join(
        parts.map(({ image }) => image),
        batchRows,
      ),
      text: join(
        parts.map(({ text }) => text),
        batchRows,
      ),
    };
    const { report, directions, termGradients } = await head({ vectors, labels, ...scale(lossScale) });
    // Nothing has been added up yet.
    if (!isFiniteStep(report)) return stepNumbers(report);
    const descend = async () => {
      for (let start = 0; start < total && trained.trainedOfModel > 0; start += size) {
        const cutDirections = directions.map(({ fused, image, text }) => ({
          fused: cutRows(fused, { start, count: size }),
          image: cutRows(image, { start, count: size }),
          text: cutRows(text, { start, count: size }),
        }));
        const fed = { items: feed(items, { start, count: size }), ...rows(key, start, size) };
        await backward({ ...fed, directions: cutDirections });
      }
      return apply({ report, termGradients, learningRate: scalar(learningRate), ...scale(lossScale) });
    };
    const result = stepNumbers(
      await descend().catch(async (error) => {
        // Else the next step would add to what this one has added up.
        await clear({}).catch(() => {});
        throw error;
      }),
    );
    if (!result.taken) await clear({});
    return result;
  }

  const all: Pick<CompiledFunction<never, never>, 'dispose'>[] = [encode, head, backward, apply, clear];
  async function dispose(): Promise<void> {
    await state.dispose();
    await Promise.all(all.map((stage) => stage.dispose()));
  }
  return { state, run, dispose };
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
