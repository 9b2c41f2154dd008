import { UniecsError } from '@uniecs/tensor';
import { differences } from '../files/differences.js';
import {
  type GivenSettings,
  sizeDefaults,
  type TrainSettings,
  trainSettings,
  unbindingSettings,
} from './train-settings.js';

/**
 * The settings of a run that goes on: those that it was started with, in their order, and of `given` what changes no result. Whatever
 * else is given must be as it was, keys in any order.
 *
 * @throws UniecsError `data` naming what differs, `argument` for a setting out of range
 */
export function resumedSettings(out: string, stored: GivenSettings, given: GivenSettings = {}): TrainSettings {
  const there = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as GivenSettings;
  const before = trainSettings(stored);
  const { steps, ...rest } = before;
  // Epochs that are given stand in the place of steps, as they do when a run is started.
  const length = there.epochs !== undefined && there.steps === undefined ? {} : { steps };
  const optimizer = there.optimizer ? { ...sizeDefaults[before.size].optimizer, ...there.optimizer } : before.optimizer;
  const wanted = { ...rest, ...length, ...there, optimizer };
  const [first, ...more] = differences(text(before), text(wanted));
  if (first === undefined) {
    return trainSettings({
      ...before,
      ...Object.fromEntries(Object.entries(there).filter(([name]) => unbindingSettings.has(name))),
    });
  }
  const isLength = /^settings\.(epochs|steps) /.test(first);
  throw new UniecsError({
    code: 'data',
    where: 'train',
    expected: `the settings that the run in ${out} was started with`,
    got: `${first}${more.length > 0 ? ` and ${more.length} more differences` : ''}`,
    hint: isLength
      ? 'the learning rate falls towards the end of a run, so a longer one is another one: start it in another folder from these weights'
      : 'leave the setting out: the stored ones are used',
    details: { out },
  });
}

/** The settings that must be the same. */
function text(settings: GivenSettings): string {
  return JSON.stringify({
    settings: Object.fromEntries(Object.entries(settings).filter(([name]) => !unbindingSettings.has(name))),
  });
}
