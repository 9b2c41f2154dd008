import { tensor, tidy } from '@tensorflow/tfjs-core';
import { type Module, namedParameters, type Random } from '@uniecs/tensor';

/**
 * How the weights of a run without `init` are drawn: `bert`, all matrices and tables from a normal distribution of deviation 0.02, as
 * BERT's and CLIP's configurations have it; `fanIn`, matrices of deviation `1 / sqrt(inputs)`, so that a layer's output varies as much as
 * its input (LeCun et al. 1998), and the positions of image patches of deviation 1, as much as the patches that they are added to. At
 * the width of tiny, 128, 0.02 is a quarter of `1 / sqrt(inputs)`, and a short training hardly learns where in the picture a patch lies.
 */
export type Initialization = 'bert' | 'fanIn';

/** The initializations by name. */
export const initializations: readonly Initialization[] = ['bert', 'fanIn'];

/** Tables of words and tokens: a norm follows their sum, so their common scale does not matter. */
const tables = /embeddings?(\.weight)?$/;
const patches = /patch_embedding\.weight$/;
const patchPositions = /position_embedding\.weight$/;

/**
 * Draws every matrix of a module anew with deviation `1 / sqrt(inputs)`: weights [O, I], patch maps [O, 3, p, p] (inputs 3p²); and the
 * table of patch positions with deviation 1. Biases, norms, other tables and single vectors stay as they are. A parameter's draw depends
 * on its name and shape alone.
 */
export function drawFanIn(module: Module, random: Random): void {
  for (const [name, variable] of namedParameters(module)) {
    const deviation = deviationOf(name, variable.shape);
    if (deviation === undefined) continue;
    const stream = random.fork(name);
    const values = new Float32Array(variable.size);
    for (let i = 0; i < values.length; i++) values[i] = stream.normal() * deviation;
    tidy(() => variable.assign(tensor(values, variable.shape, 'float32')));
  }
}

function deviationOf(name: string, [outputs, ...inputs]: readonly number[]): number | undefined {
  if (outputs === undefined || inputs.length === 0) return undefined;
  if (patchPositions.test(name)) return 1;
  if (tables.test(name) && !patches.test(name)) return undefined;
  return 1 / Math.sqrt(inputs.reduce((product, size) => product * size, 1));
}
