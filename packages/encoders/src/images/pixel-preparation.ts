import type { DecodeOptions } from './decode-image.js';
import { clipMean, clipStd, type PerChannel } from './normalize-pixels.js';

/** How an encoder's weights want their images: what `imageSource` and `normalizePixels` are given. */
export interface PixelPreparation {
  readonly fit: NonNullable<DecodeOptions['fit']>;
  /** Default sharp's own. */
  readonly filter?: NonNullable<DecodeOptions['filter']>;
  /** Of values in [0, 1]. */
  readonly mean: PerChannel;
  /** Of values in [0, 1]. */
  readonly std: PerChannel;
}

/** CLIP's published preprocessing: the shorter side scaled with a bicubic filter, the middle cut out, CLIP's mean and deviation. */
export const clipPreparation: PixelPreparation = { fit: 'cover', filter: 'bicubic', mean: clipMean, std: clipStd };
