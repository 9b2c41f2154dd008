import { UniecsError } from '@uniecs/tensor';

/** A number per channel: red, green, blue. */
export type PerChannel = readonly [number, number, number];

/** Means of CLIP's training images, of values in [0, 1] (Radford et al. 2021, the published preprocessing). */
export const clipMean: PerChannel = [0.48145466, 0.4578275, 0.40821073];

/** Standard deviations of CLIP's training images, of values in [0, 1]. */
export const clipStd: PerChannel = [0.26862954, 0.26130258, 0.27577711];

/** How `normalizePixels` scales, and where it writes. */
export interface NormalizeOptions {
  /** Default CLIP's. */
  readonly mean?: PerChannel;
  /** Default CLIP's. */
  readonly std?: PerChannel;
  /** Where to write, as long as the pixels: a subarray of a batch saves the copy. Default a new array. */
  readonly into?: Float32Array;
}

/**
 * Pixels as an encoder takes them: `(pixel / 255 - mean) / std` per channel.
 *
 * @param pixels RGB, interleaved, 0 to 255
 * @returns float32 of the same order and length: `into` where given
 * @throws UniecsError `shape` when `into` is not as long as the pixels
 */
export function normalizePixels(pixels: Uint8Array, options: NormalizeOptions = {}): Float32Array {
  const { mean = clipMean, std = clipStd, into = new Float32Array(pixels.length) } = options;
  if (into.length !== pixels.length || pixels.length % 3 !== 0) {
    throw new UniecsError({
      code: 'shape',
      where: 'normalizePixels',
      expected: `RGB pixels and into of one length, a multiple of 3`,
      got: `${pixels.length} and ${into.length}`,
      hint: 'pass into as batch.subarray(start, start + pixels.length)',
    });
  }
  const scale = std.map((s) => 1 / (255 * s));
  const shift = mean.map((m, channel) => -m / (std[channel] as number));
  const [redScale, greenScale, blueScale] = scale as [number, number, number];
  const [redShift, greenShift, blueShift] = shift as [number, number, number];
  for (let i = 0; i < pixels.length; i += 3) {
    into[i] = (pixels[i] as number) * redScale + redShift;
    into[i + 1] = (pixels[i + 1] as number) * greenScale + greenShift;
    into[i + 2] = (pixels[i + 2] as number) * blueScale + blueShift;
  }
  return into;
}
