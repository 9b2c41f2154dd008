import { type Tensor, tensor } from '@tensorflow/tfjs-core';
import { type FileTensor, loadStateDict, type Module, type Random } from '@uniecs/tensor';
import { checkpointError } from './checkpoint-error.js';
import type { Checkpoint } from './checkpoint-weights.js';
import type { MatchedWeights } from './match-weights.js';
import type { ParameterShapes } from './parameter-shapes.js';

/** A generator that draws nothing: of encoders whose parameters are loaded. */
export const zeros: Random = {
  uniform: () => 0,
  normal: () => 0,
  integer: () => 0,
  permutation: (n) => Int32Array.from({ length: n }, (_, i) => i),
  fork: () => zeros,
};

/** Values of a parameter and their shape, as the encoder has them. */
export interface ParameterValues {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/** Changes the values of a parameter on their way, by its name. */
export type Adapt = Readonly<Record<string, (values: ParameterValues) => ParameterValues>>;

/**
 * Reads the matched weights of a checkpoint and loads them into a module, all or none.
 *
 * @param shapes as the checkpoint has them
 * @param adapt what is done to single parameters
 * @throws UniecsError `data` for a weight that is not finite
 */
export async function loadParameters(
  module: Module,
  checkpoint: Checkpoint,
  { places, report }: MatchedWeights,
  shapes: ParameterShapes,
  adapt: Adapt = {},
): Promise<void> {
  const files = await checkpoint.read(new Set([...places.values()].map(({ name }) => name)));
  const dict = new Map<string, Tensor>();
  try {
    for (const [parameter, { name, third }] of places) {
      const shape = shapes.get(parameter) as readonly number[];
      const whole = floatsOf(files.get(name) as FileTensor);
      const part = third === undefined ? whole : whole.subarray(...thirdOf(whole.length, third));
      checkFinite(part, name, report.path);
      const values = adapt[parameter]?.({ data: part, shape }) ?? { data: part, shape };
      dict.set(parameter, tensor(values.data, [...values.shape], 'float32'));
    }
    loadStateDict(module, dict);
  } finally {
    for (const loaded of dict.values()) loaded.dispose();
  }
}

function floatsOf({ data }: FileTensor): Float32Array {
  return data instanceof Float32Array ? data : Float32Array.from(data as ArrayLike<number>);
}

function thirdOf(length: number, third: number): [number, number] {
  return [(length / 3) * third, (length / 3) * (third + 1)];
}

function checkFinite(values: Float32Array, name: string, path: string): void {
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i])) continue;
    throw checkpointError('data', path, {
      expected: 'weights that are finite',
      got: `${values[i]} at element ${i} of '${name}'`,
      hint: 'the file is damaged, or the training that made it failed',
      details: { name, element: i },
    });
  }
}
