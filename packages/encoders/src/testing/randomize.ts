import { tensor, tidy } from '@tensorflow/tfjs-core';
import { type Module, parameters, type Random } from '@uniecs/tensor';
import { randomArray } from '@uniecs/tensor/testing';

/** Gives all parameters normal values of a size at which nothing is nearly linear or nearly zero. For tests. */
export function randomize(module: Module, random: Random): void {
  for (const variable of parameters(module)) {
    const values = randomArray(random, variable.shape).map((x) => x * 0.4);
    tidy(() => variable.assign(tensor(values, variable.shape)));
  }
}
