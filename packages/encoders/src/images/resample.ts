/** The filters that images may be scaled with, as Pillow names and computes them. */
export type ResampleFilter = 'bilinear' | 'bicubic' | 'lanczos';

interface Kernel {
  /** The kernel is zero from this distance on. */
  readonly reach: number;
  readonly at: (distance: number) => number;
}

const sinc = (x: number) => (x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x));

const kernels: Readonly<Record<ResampleFilter, Kernel>> = {
  bilinear: { reach: 1, at: (x) => 1 - x },
  // Keys 1981, a = -0.5.
  bicubic: { reach: 2, at: (x) => (x < 1 ? (1.5 * x - 2.5) * x * x + 1 : -0.5 * (((x - 5) * x + 8) * x - 4)) },
  lanczos: { reach: 3, at: (x) => sinc(x) * sinc(x / 3) },
};

/** Weights are whole multiples of 2^-22: what is left of 32 bits beside 8 of a pixel, a sign and room for what the filter adds. */
const weightBits = 22;

/** The filters by name. */
export const resampleFilters = Object.keys(kernels) as readonly ResampleFilter[];

/** An image of bytes, RGB, interleaved. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  /** [height, width, 3]. */
  readonly pixels: Uint8Array;
}

/**
 * Scales an image as Pillow's `Image.resize` does, to the bit: along rows, then along columns, each rounded to bytes; where the image gets
 * smaller, the kernel is widened by as much, so that every pixel counts (antialiasing).
 */
export function resample(image: RgbImage, width: number, height: number, filter: ResampleFilter): RgbImage {
  const across = scaleRows(image, width, kernels[filter]);
  return scaleColumns(across, height, kernels[filter]);
}

/** For each place of the result the first pixel that counts, and the weights from there on. */
interface Taps {
  readonly first: number;
  readonly weights: Int32Array;
}

function tapsOf(from: number, to: number, { reach, at }: Kernel): Taps[] {
  const scale = from / to;
  const widening = Math.max(scale, 1);
  return Array.from({ length: to }, (_, place) => {
    const center = (place + 0.5) * scale;
    const first = Math.max(0, Math.trunc(center - reach * widening + 0.5));
    const end = Math.min(from, Math.trunc(center + reach * widening + 0.5));
    const raw = Array.from({ length: end - first }, (_, i) => {
      const distance = Math.abs((first + i - center + 0.5) / widening);
      return distance < reach ? at(distance) : 0;
    });
    const sum = raw.reduce((total, weight) => total + weight, 0);
    const whole = raw.map((weight) => {
      const scaled = (weight / sum) * 2 ** weightBits;
      return Math.trunc(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
    });
    return { first, weights: Int32Array.from(whole) };
  });
}

function scaleRows(image: RgbImage, width: number, kernel: Kernel): RgbImage {
  if (width === image.width) return image;
  const { height, pixels } = image;
  const taps = tapsOf(image.width, width, kernel);
  const scaled = new Uint8Array(height * width * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const { first, weights } = taps[x] as Taps;
      weighted(pixels, (y * image.width + first) * 3, 3, weights, scaled, (y * width + x) * 3);
    }
  }
  return { width, height, pixels: scaled };
}

function scaleColumns(image: RgbImage, height: number, kernel: Kernel): RgbImage {
  if (height === image.height) return image;
  const { width, pixels } = image;
  const row = width * 3;
  const scaled = new Uint8Array(height * row);
  for (const [y, { first, weights }] of tapsOf(image.height, height, kernel).entries()) {
    for (let x = 0; x < width; x++) weighted(pixels, first * row + x * 3, row, weights, scaled, y * row + x * 3);
  }
  return { width, height, pixels: scaled };
}

/** Writes the weighted sum of pixels a stride apart. */
function weighted(
  pixels: Uint8Array,
  start: number,
  stride: number,
  weights: Int32Array,
  into: Uint8Array,
  at: number,
): void {
  const half = 2 ** (weightBits - 1);
  let [red, green, blue] = [half, half, half];
  for (let i = 0, from = start; i < weights.length; i++, from += stride) {
    const weight = weights[i] as number;
    red += weight * (pixels[from] as number);
    green += weight * (pixels[from + 1] as number);
    blue += weight * (pixels[from + 2] as number);
  }
  into[at] = clamped(red >> weightBits);
  into[at + 1] = clamped(green >> weightBits);
  into[at + 2] = clamped(blue >> weightBits);
}

const clamped = (value: number) => (value < 0 ? 0 : value > 255 ? 255 : value);
