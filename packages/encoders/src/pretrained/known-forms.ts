import type { Activation } from '@uniecs/tensor';
import { checkpointError } from './checkpoint-error.js';

const knownActivations: Readonly<Record<string, Activation>> = {
  gelu: 'gelu',
  gelu_python: 'gelu',
  quick_gelu: 'quickGelu',
};

/**
 * The activation by the name that `transformers` has for it.
 *
 * @throws UniecsError `unsupported` for another one: the tanh approximations of GELU differ by up to 1e-3
 */
export function activationOf(name: string, path: string): Activation {
  const found = Object.hasOwn(knownActivations, name) ? knownActivations[name] : undefined;
  if (found) return found;
  throw checkpointError('unsupported', path, {
    expected: `an activation of ${Object.keys(knownActivations).join(', ')}`,
    got: `'${name}'`,
    hint: 'this checkpoint cannot be imported',
  });
}

/** @throws UniecsError `data` when the heads do not divide the width */
export function checkHeads(path: string, width: number, heads: number): void {
  if (width % heads === 0) return;
  throw checkpointError('data', path, {
    expected: 'heads that divide the width',
    got: `${heads} and ${width}`,
    hint: 'correct the configuration, or download it again',
  });
}
