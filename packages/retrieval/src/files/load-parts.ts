import { join } from 'node:path';
import { dispose, type Tensor, type Variable } from '@tensorflow/tfjs-core';
import { fileTensorsToStateDict, loadStateDict, type Module, namedParameters, UniecsError } from '@uniecs/tensor';
import { readSafetensors } from '@uniecs/tensor/node';
import { modelFiles } from './model-folder.js';

/** Which parameters of a model come from a folder's weights. */
export interface PartsToLoad {
  /** The name in the file of a parameter of the model; undefined for one that stays as it is. */
  readonly source: (name: string) => string | undefined;
  /** Values made of the file's for parameters that are not in it, by name; freed here. Default none. */
  readonly made?: (own: ReadonlyMap<string, Variable>, file: ReadonlyMap<string, Tensor>) => Map<string, Tensor>;
  /** What the error says where a name or shape does not fit. */
  readonly unfit: { readonly where: string; readonly expected: string; readonly hint: string };
}

/**
 * Loads parts of a model from the weights of a folder.
 *
 * @throws UniecsError `file` for a file that cannot be read, `data` for weights that lack a name or have another shape; nothing changes then
 */
export async function loadParts(model: Module, folder: string, { source, made, unfit }: PartsToLoad): Promise<void> {
  const { tensors } = await readSafetensors(join(folder, modelFiles.weights));
  const file = fileTensorsToStateDict(tensors);
  const own = namedParameters(model);
  const more = made?.(own, file) ?? new Map<string, Tensor>();
  try {
    const found = [...own].flatMap(([name, { shape }]) => {
      const from = source(name);
      if (from === undefined) return [];
      const tensor = file.get(from);
      if (tensor && String(tensor.shape) === String(shape)) return [[name, tensor] as const];
      throw new UniecsError({
        ...unfit,
        code: 'data',
        got: tensor ? `'${name}' of shape [${tensor.shape}] instead of [${shape}]` : `none called '${name}'`,
        details: { folder, name },
      });
    });
    loadStateDict(model, new Map([...found, ...more]), { strict: false });
  } finally {
    dispose([...file.values(), ...more.values()]);
  }
}

/** Loads the image and text encoder of a folder whose model is of any architecture, or throws as `loadParts`. */
export function loadEncoders(model: Module, folder: string): Promise<void> {
  return loadParts(model, folder, {
    source: (name) => (/^(image|text)_encoder\./.test(name) ? name : undefined),
    unfit: {
      where: 'loadEncoders',
      expected: `encoders of the shapes that its config.json says in ${folder}`,
      hint: 'pass a folder that uniecs train wrote, as it wrote it',
    },
  });
}
