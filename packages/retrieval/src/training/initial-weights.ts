import { tensor, tidy } from '@tensorflow/tfjs-core';
import { type Module, namedParameters, type Random } from '@uniecs/tensor';

/**
 * How the weights of a run without `init` are drawn: `bert`, all matrices from a normal distribution of deviation 0.02, as BERT's and
 * CLIP's configurations have it; `fanIn`, of deviation `1 / sqrt(inputs)`, so that a layer's output varies as much as its input (LeCun et
 * al. 1998). At the width of tiny, 128, that is 0.088: a model of few steps starts with signals four times as large.
 */
export type Initialization = 'bert' | 'fanIn';

/** The initializations by name. */
export const initializations: readonly Initialization[] = ['bert', 'fanIn'];

/** Tables whose rows are looked up or added, not multiplied: they have no inputs to count. */
const tables = /embeddings?(\.weight)?$/;
const patches = /patch_embedding\.weight$/;

/**
 * Draws every matrix of a module anew with deviation `1 / sqrt(inputs)`: weights [O, I], patch maps [O, 3, p, p] (inputs 3p²). Biases,
 * norms, tables and single vectors stay as they are. A parameter's draw depends on its name and shape alone.
 */
export function drawFanIn(module: Module, random: Random): void {
  for (const [name, variable] of namedParameters(module)) {
    if (variable.rank < 2 || (tables.test(name) && !patches.test(name))) continue;
    const stream = random.fork(name);
    const [, ...inputs] = variable.shape;
    const deviation = 1 / Math.sqrt(inputs.reduce((product, size) => product * size, 1));
    const values = Float32Array.from({ length: variable.size }, () => stream.normal() * deviation);
    tidy(() => variable.assign(tensor(values, variable.shape, 'float32')));
  }
}
