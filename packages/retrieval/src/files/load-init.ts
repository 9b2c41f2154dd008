import { join } from 'node:path';
import { dispose } from '@tensorflow/tfjs-core';
import { fileTensorsToStateDict, loadStateDict, namedParameters, UniecsError } from '@uniecs/tensor';
import { readSafetensors } from '@uniecs/tensor/node';
import { architectures } from '../model/model-config.js';
import type { RetrievalModel } from '../model/retrieval-model.js';
import { loadWeights, modelFiles } from './model-folder.js';
import { storedArchitecture } from './stored-encoders.js';

/** Parts of a model that all architectures have. */
const encoderNames = /^(image|text)_encoder\./;

/** Whether a run that starts from a folder takes its encoders alone: where that holds a model of another architecture. */
export async function startsFromEncoders(folder: string, { architecture }: RetrievalModel['config']): Promise<boolean> {
  const stored = await storedArchitecture(folder);
  return stored !== architecture && architectures.some((known) => known === stored);
}

/**
 * Loads the weights that a run starts from: the whole model's, or from a folder of another architecture the encoders', so that UniECS and the
 * baselines can start from the same ones; what joins image and text then stays as it was drawn.
 *
 * @throws UniecsError `file` for a file that cannot be read, `data` for weights of another shape; nothing changes then
 */
export async function loadInit(model: RetrievalModel, folder: string): Promise<void> {
  const path = join(folder, modelFiles.weights);
  if (!(await startsFromEncoders(folder, model.config))) return loadWeights(model, path);
  const { tensors } = await readSafetensors(path);
  const dict = fileTensorsToStateDict(tensors);
  try {
    const found = [...namedParameters(model)]
      .filter(([name]) => encoderNames.test(name))
      .map(([name, { shape }]) => {
        const tensor = dict.get(name);
        if (tensor && String(tensor.shape) === String(shape)) return [name, tensor] as const;
        throw new UniecsError({
          code: 'data',
          where: 'loadInit',
          expected: `encoders of the shapes that its config.json says in ${folder}`,
          got: tensor ? `'${name}' of shape [${tensor.shape}] instead of [${shape}]` : `none called '${name}'`,
          hint: 'pass a folder that uniecs train wrote, as it wrote it',
          details: { folder, name },
        });
      });
    loadStateDict(model, new Map(found), { strict: false });
  } finally {
    dispose([...dict.values()]);
  }
}
