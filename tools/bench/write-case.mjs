import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeSafetensors } from '@uniecs/tensor/node';
import { randomItems } from './case.mjs';

/** @typedef {import('@uniecs/tensor').FileTensor} FileTensor */

const dtypes = /** @type {const} */ ({ float32: 'F32', int32: 'I32', uint8: 'U8', bool: 'U8' });

/**
 * A tensor of a weight file.
 * @param {{ dtype: string, shape: readonly number[], data: ArrayLike<number> }} tensor
 */
export const fileTensor = ({ dtype, shape, data }) =>
  /** @type {FileTensor} */ ({ dtype: dtypes[/** @type {keyof typeof dtypes} */ (dtype)], shape, data });

/**
 * Writes a case for the PyTorch side: `case.json`, `weights.safetensors` (named as in the training state),
 * `batch.safetensors`.
 * @param {string} folder
 * @param {import('./our-training.mjs').OurTraining} training
 */
export async function writeCase(folder, { benchCase, state }) {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'case.json'), JSON.stringify(benchCase, null, 2));
  const weights = [...state.parameters].map(
    ([name, variable]) =>
      /** @type {const} */ ([name, fileTensor({ dtype: 'float32', shape: variable.shape, data: variable.dataSync() })]),
  );
  await writeSafetensors(join(folder, 'weights.safetensors'), new Map(weights));
  const { pixels, ids, mask } = randomItems(benchCase);
  const batch = Object.entries({ pixels, ids, mask }).map(([name, x]) => /** @type {const} */ ([name, fileTensor(x)]));
  await writeSafetensors(join(folder, 'batch.safetensors'), new Map(batch));
}
