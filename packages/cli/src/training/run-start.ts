import type { TrainOptions } from '@uniecs/retrieval';
import { defaultFeatureCache } from '../data/open-images.js';

/** The flags that say what trainings start from. */
export interface StartFlags {
  /** A model folder. */
  readonly init?: string;
  /** A folder for what frozen encoders give each item, or `off`; default the user's cache folder. */
  readonly featureCache?: string;
}

/** What trainings start from, as `train` takes it. */
export function startOfFlags({ init, featureCache }: StartFlags): Pick<TrainOptions, 'init' | 'features'> {
  return {
    ...(init === undefined ? {} : { init }),
    ...(featureCache === 'off' ? {} : { features: featureCache ?? defaultFeatureCache() }),
  };
}
