import { type TensorContainer, tidy } from '@tensorflow/tfjs-core';

/** `tf.tidy` for results of any interface: frees every tensor made inside but those in the result. */
export function scoped<T extends object>(body: () => T): T {
  return tidy(body as unknown as () => TensorContainer) as T;
}
