import type { Device } from '@uniecs/compile';
import type { Pair } from '@uniecs/mbeer';
import { UniecsError } from '@uniecs/tensor';
import type { AssembledRun } from './assemble-run.js';
import { presetAugmentation } from './preset-augmentation.js';
import type { TrainEvent } from './train-events.js';

/** What a run on features is prepared with. */
export interface PrepareFeaturesOptions {
  readonly train: readonly Pair[];
  readonly validation: readonly Pair[];
  readonly device: Device;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent: (event: TrainEvent) => void;
}

/** How often progress is told. */
const everyMs = 2000;

/**
 * Encodes what the run's feature cache does not hold of its items, where the run has one, and says what that means for the run.
 *
 * @returns false where the signal stopped it; what was encoded by then is kept
 */
export async function prepareFeatures(run: AssembledRun, options: PrepareFeaturesOptions): Promise<boolean> {
  const { features, settings, config } = run;
  const { train, validation, device, signal, onEvent } = options;
  if (!features) return true;
  const note = (text: string) => onEvent({ type: 'note', text });
  if (presetAugmentation(settings) !== false)
    note('pictures are not augmented: the encoders are frozen, and their features kept');
  if ([config.image, config.text].some(({ dropout = 0 }) => dropout > 0)) {
    note('the frozen encoders do not drop anything: their features are kept');
  }
  const items = [...train, ...validation].flatMap(({ item1, item2 }) => [item1, item2]);
  const begin = performance.now();
  let last = begin;
  let announced = false;
  try {
    const { total, distinct } = await features.prepare(items, {
      signal,
      device,
      onProgress: ({ done, total, distinct, bytes }) => {
        if (!announced && total > 0) {
          const size = `${(bytes / 1e6).toFixed(1)} MB`;
          note(
            `token features of ${total} of ${distinct} pictures and titles are made first: ${size} in ${features.folder}`,
          );
        }
        announced = true;
        const now = performance.now();
        if (total === 0 || done === 0 || (now - last < everyMs && done < total)) return;
        last = now;
        onEvent({ type: 'features', done, total, itemsPerSecond: (done * 1000) / (now - begin) });
      },
    });
    if (total === 0) note(`the token features of all ${distinct} pictures and titles are kept from before`);
    return true;
  } catch (error) {
    if (UniecsError.isInstance(error) && error.code === 'interrupted') return false;
    throw error;
  }
}
