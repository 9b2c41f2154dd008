import type { Variable } from '@tensorflow/tfjs-core';
import { type DeviceState, notOfState } from './device-state.js';

/**
 * The same state with other variables' current values in the place of some: for a function that should read an average of the
 * weights where it reads the weights. Nothing is copied, so disposing of a view frees nothing. For reading alone: a function that assigns must be compiled with the
 * state itself.
 *
 * @param stand for a variable of the state, the one of the same shape whose values are read in its place
 * @throws UniecsError `argument` for a variable that is not of the state
 */
export function stateView(state: DeviceState, stand: ReadonlyMap<Variable, Variable>): DeviceState {
  const indexOf = new Map(state.variables.map((variable, index) => [variable, index]));
  for (const variable of [...stand].flat()) if (!indexOf.has(variable)) throw notOfState('stateView', state, variable);
  const read = state.variables.map((variable) => indexOf.get(stand.get(variable) ?? variable) as number);
  const { buffers } = state;
  return {
    ...state,
    stand,
    ...(buffers ? { buffers: { ...buffers, current: (index) => buffers.current(read[index] as number) } } : {}),
    read: (variable) => state.read(stand.get(variable) ?? variable),
    // The buffers are the state's.
    dispose: async () => {},
  };
}
