import { type Random, seededRandom, UniecsError } from '@uniecs/tensor';

/** How strongly `augmentImage` changes an image. */
export interface AugmentOptions {
  /** Side of the result; default the side of the source. */
  readonly outputSize?: number;
  /** Share of the source's area that a crop keeps, from and to; default 0.6 to 1 (products fill their photo). */
  readonly area?: readonly [number, number];
  /** Width over height of a crop, from and to; default 3/4 to 4/3. */
  readonly aspect?: readonly [number, number];
  /** Probability of a horizontal flip; default 0.5. */
  readonly flip?: number;
  /** Brightness factor in 1 ± this; default 0.2. */
  readonly brightness?: number;
  /** Contrast factor in 1 ± this; default 0.2. */
  readonly contrast?: number;
  /** Saturation factor in 1 ± this; default 0.2. Hue stays: colour is part of a product's name. */
  readonly saturation?: number;
  /** Where to write, `outputSize` squared times 3; default a new array. */
  readonly into?: Uint8Array;
}

/** The stream that augments one item at one step: the same three values give the same pixels, whatever else is drawn. */
export function augmentationRandom(seed: number | string, itemId: string, step: number): Random {
  return seededRandom(seed).fork('augmentation').fork(itemId).fork(step);
}

/**
 * Random resized crop (bilinear), horizontal flip and colour jitter of one image.
 *
 * Crop: a window of `area` times the source's area with ratio `aspect` (log-uniform), at a uniform place, resampled to
 * `outputSize` between pixels, not at whole ones. Jitter in one step per pixel, with factors b, c, s, grey `g = .299 R +
 * .587 G + .114 B` and the crop's mean grey m: `b (c (s x + (1 - s) g) + (1 - c) m)`, then rounded and cut to 0..255: the
 * brightness, contrast and saturation of torchvision's ColorJitter in this order, without a cut in between, and with one draw
 * for the window, cut to the source where it does not fit. Differs from the paper: it names the kinds, not the strengths.
 *
 * Eight numbers are drawn whatever the options, so that one option does not change what another one does.
 *
 * @param pixels RGB, interleaved, [size, size, 3], 0 to 255; not changed
 * @param random see `augmentationRandom`
 * @returns RGB [outputSize, outputSize, 3]: `into` where given
 * @throws UniecsError `shape` when an array has another length, `argument` for options out of range
 */
export function augmentImage(
  pixels: Uint8Array,
  size: number,
  random: Random,
  options: AugmentOptions = {},
): Uint8Array {
  const { outputSize = size, area = [0.6, 1], aspect = [3 / 4, 4 / 3], flip = 0.5 } = options;
  const { brightness = 0.2, contrast = 0.2, saturation = 0.2 } = options;
  const into = options.into ?? new Uint8Array(outputSize * outputSize * 3);
  checkOptions({ area, aspect, flip, brightness, contrast, saturation });
  checkLength('pixels', pixels, size);
  checkLength('into', into, outputSize);

  const share = between(random.uniform(), area[0], area[1]);
  const ratio = Math.exp(between(random.uniform(), Math.log(aspect[0]), Math.log(aspect[1])));
  const width = size * Math.min(1, Math.sqrt(share * ratio));
  const height = size * Math.min(1, Math.sqrt(share / ratio));
  const left = random.uniform() * (size - width);
  const top = random.uniform() * (size - height);
  const mirrored = random.uniform() < flip;
  const factors = [brightness, contrast, saturation].map((by) =>
    between(random.uniform(), Math.max(0, 1 - by), 1 + by),
  );

  const columns = sampling(left, width, size, outputSize, mirrored);
  const rows = sampling(top, height, size, outputSize, false);
  const { crop, meanGrey } = resample(pixels, size, columns, rows, outputSize);
  jitter(crop, meanGrey, factors as [number, number, number], into);
  return into;
}

/** For each place of the result: the two source places that it lies between, and the weight of the second. */
interface Sampling {
  readonly first: Int32Array;
  readonly second: Int32Array;
  readonly weight: Float64Array;
}

function sampling(start: number, length: number, size: number, outputSize: number, mirrored: boolean): Sampling {
  const first = new Int32Array(outputSize);
  const second = new Int32Array(outputSize);
  const weight = new Float64Array(outputSize);
  for (let i = 0; i < outputSize; i++) {
    const centre = start + ((i + 0.5) * length) / outputSize - 0.5;
    const place = Math.min(size - 1, Math.max(0, centre));
    const at = mirrored ? outputSize - 1 - i : i;
    first[at] = Math.floor(place);
    second[at] = Math.min(size - 1, Math.floor(place) + 1);
    weight[at] = place - Math.floor(place);
  }
  return { first, second, weight };
}

function resample(pixels: Uint8Array, size: number, columns: Sampling, rows: Sampling, outputSize: number) {
  const crop = new Float32Array(outputSize * outputSize * 3);
  let greySum = 0;
  let at = 0;
  for (let y = 0; y < outputSize; y++) {
    const upper = (rows.first[y] as number) * size;
    const lower = (rows.second[y] as number) * size;
    const down = rows.weight[y] as number;
    for (let x = 0; x < outputSize; x++) {
      const across = columns.weight[x] as number;
      const lowerRight = across * down;
      const lowerLeft = down - lowerRight;
      const upperRight = across - lowerRight;
      const upperLeft = 1 - across - lowerLeft;
      const a = (upper + (columns.first[x] as number)) * 3;
      const b = (upper + (columns.second[x] as number)) * 3;
      const c = (lower + (columns.first[x] as number)) * 3;
      const d = (lower + (columns.second[x] as number)) * 3;
      const red =
        (pixels[a] as number) * upperLeft +
        (pixels[b] as number) * upperRight +
        (pixels[c] as number) * lowerLeft +
        (pixels[d] as number) * lowerRight;
      const green =
        (pixels[a + 1] as number) * upperLeft +
        (pixels[b + 1] as number) * upperRight +
        (pixels[c + 1] as number) * lowerLeft +
        (pixels[d + 1] as number) * lowerRight;
      const blue =
        (pixels[a + 2] as number) * upperLeft +
        (pixels[b + 2] as number) * upperRight +
        (pixels[c + 2] as number) * lowerLeft +
        (pixels[d + 2] as number) * lowerRight;
      crop[at] = red;
      crop[at + 1] = green;
      crop[at + 2] = blue;
      greySum += grey(red, green, blue);
      at += 3;
    }
  }
  return { crop, meanGrey: greySum / (outputSize * outputSize) };
}

function jitter(crop: Float32Array, meanGrey: number, factors: readonly [number, number, number], into: Uint8Array) {
  const [brightness, contrast, saturation] = factors;
  const colour = brightness * contrast * saturation;
  const greyGain = brightness * contrast * (1 - saturation);
  const offset = brightness * (1 - contrast) * meanGrey;
  for (let i = 0; i < crop.length; i += 3) {
    const red = crop[i] as number;
    const green = crop[i + 1] as number;
    const blue = crop[i + 2] as number;
    const base = greyGain * grey(red, green, blue) + offset;
    into[i] = toByte(colour * red + base);
    into[i + 1] = toByte(colour * green + base);
    into[i + 2] = toByte(colour * blue + base);
  }
}

function grey(red: number, green: number, blue: number): number {
  return 0.299 * red + 0.587 * green + 0.114 * blue;
}

function toByte(value: number): number {
  return value <= 0 ? 0 : value >= 255 ? 255 : Math.floor(value + 0.5);
}

function between(uniform: number, from: number, to: number): number {
  return from + uniform * (to - from);
}

function checkLength(name: string, array: Uint8Array, size: number): void {
  if (Number.isInteger(size) && size > 0 && array.length === size * size * 3) return;
  throw new UniecsError({
    code: 'shape',
    where: 'augmentImage',
    expected: `${name} of ${size} x ${size} x 3 bytes`,
    got: `${array.length}`,
    hint: 'pass square RGB pixels and their side',
  });
}

type Strengths = Required<Pick<AugmentOptions, 'area' | 'aspect' | 'flip' | 'brightness' | 'contrast' | 'saturation'>>;

function checkOptions({ area, aspect, flip, brightness, contrast, saturation }: Strengths): void {
  const fail = (expected: string, got: string): never => {
    throw new UniecsError({ code: 'argument', where: 'augmentImage', expected, got, hint: 'correct the option' });
  };
  if (!(area[0] > 0 && area[0] <= area[1] && area[1] <= 1)) fail('area from above 0 to at most 1', `[${area}]`);
  if (!(aspect[0] > 0 && aspect[0] <= aspect[1] && aspect[1] < Infinity)) fail('aspect from above 0', `[${aspect}]`);
  if (!(flip >= 0 && flip <= 1)) fail('flip to be a probability', `${flip}`);
  for (const [name, by] of Object.entries({ brightness, contrast, saturation })) {
    if (!(by >= 0 && by < Infinity)) fail(`${name} of at least 0`, `${by}`);
  }
}
