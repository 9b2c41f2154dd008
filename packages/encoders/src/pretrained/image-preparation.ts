import { join } from 'node:path';
import { clipMean, clipStd, type PerChannel } from '../images/normalize-pixels.js';
import { clipPreparation, type PixelPreparation } from '../images/pixel-preparation.js';
import type { ResampleFilter } from '../images/resample.js';
import { checkpointError } from './checkpoint-error.js';
import { type CheckpointFolder, isRecord } from './checkpoint-folder.js';
import { type ConfigValues, configValues } from './config-values.js';

/** How a checkpoint wants its images, and which file says so. */
export interface ReadPreparation {
  readonly preparation: PixelPreparation;
  readonly notes: readonly string[];
}

/** The filters by the numbers that Pillow has for them. */
const filtersByNumber: Readonly<Record<number, ResampleFilter>> = { 1: 'lanczos', 2: 'bilinear', 3: 'bicubic' };

/**
 * How a checkpoint wants its images: as `preprocessor_config.json`, `processor_config.json` or `open_clip_config.json` says, else as CLIP
 * (`clipPreparation`).
 *
 * @throws UniecsError `unsupported` for a preprocessing that there is not here, naming it; `data` for values that make no sense
 */
export async function readPreparation(folder: CheckpointFolder): Promise<ReadPreparation> {
  for (const name of ['preprocessor_config.json', 'processor_config.json']) {
    const found = await folder.json(name);
    const part = isRecord(found?.image_processor) ? found.image_processor : found;
    if (part && (name === 'preprocessor_config.json' || part !== found)) {
      return { preparation: fromProcessor(part, join(folder.path, name)), notes: [] };
    }
  }
  const openClip = await folder.json('open_clip_config.json');
  if (isRecord(openClip?.preprocess_cfg)) {
    return {
      preparation: fromOpenClip(openClip.preprocess_cfg, join(folder.path, 'open_clip_config.json')),
      notes: [],
    };
  }
  return { preparation: clipPreparation, notes: ["no file says how images are prepared: as CLIP's are"] };
}

function fromProcessor(config: Readonly<Record<string, unknown>>, path: string): PixelPreparation {
  const values = configValues(config, path);
  const unsupported = unsupportedIn(path);
  if (!values.flag('do_resize', true)) throw unsupported('images that are resized', 'do_resize: false');
  if (!values.flag('do_rescale', true)) throw unsupported('pixels from 0 to 1', 'do_rescale: false');
  const factor = values.number('rescale_factor', 1 / 255);
  if (Math.abs(factor * 255 - 1) > 1e-6) throw unsupported('pixels from 0 to 1', `rescale_factor: ${factor}`);
  const normal = values.flag('do_normalize', true);
  const number = values.whole('resample', 3);
  const filter = filtersByNumber[number];
  if (!filter) throw unsupported('the filter lanczos (1), bilinear (2) or bicubic (3)', `resample: ${number}`);
  return {
    fit: fitOf(config, values, path),
    filter,
    mean: normal ? channels(config.image_mean, clipMean, 'image_mean', path) : [0, 0, 0],
    std: normal ? channels(config.image_std, clipStd, 'image_std', path) : [1, 1, 1],
  };
}

/** `size: { shortest_edge }` with a cut of that side, or `size: { height, width }`. */
function fitOf(config: Readonly<Record<string, unknown>>, values: ConfigValues, path: string): PixelPreparation['fit'] {
  const size = isRecord(config.size) ? configValues(config.size, path) : undefined;
  const shortest = size ? size.whole('shortest_edge', 0) : values.whole('size', 0);
  const cut = isRecord(config.crop_size)
    ? configValues(config.crop_size, path).whole('height', 0)
    : values.whole('crop_size', 0);
  const crops = values.flag('do_center_crop', true);
  if (shortest === 0 && size) {
    const [height, width] = [size.whole('height', 0), size.whole('width', 0)];
    if (height > 0 && height === width && (!crops || cut === 0 || cut === height)) return 'fill';
  }
  if (crops && (shortest === cut || shortest === 0 || cut === 0)) return 'cover';
  throw unsupportedIn(path)(
    'images scaled to a square, or by their shorter side to that of the middle which is cut out',
    `size ${JSON.stringify(config.size)}, crop_size ${JSON.stringify(config.crop_size)}, do_center_crop: ${crops}`,
  );
}

function fromOpenClip(config: Readonly<Record<string, unknown>>, path: string): PixelPreparation {
  const values = configValues(config, path);
  const mode = values.text('resize_mode', 'shortest');
  const fit = { shortest: 'cover', squash: 'fill' } as const;
  if (mode !== 'shortest' && mode !== 'squash') {
    throw unsupportedIn(path)('the resize_mode shortest or squash', `'${mode}'`);
  }
  const filter = values.text('interpolation', 'bicubic');
  if (filter !== 'bicubic' && filter !== 'bilinear') {
    throw unsupportedIn(path)('the interpolation bicubic or bilinear', `'${filter}'`);
  }
  return {
    fit: fit[mode],
    filter,
    mean: channels(config.mean, clipMean, 'mean', path),
    std: channels(config.std, clipStd, 'std', path),
  };
}

function channels(value: unknown, fallback: PerChannel, name: string, path: string): PerChannel {
  if (value === undefined || value === null) return fallback;
  const numbers = Array.isArray(value) && value.length === 3 && value.every((x) => Number.isFinite(x));
  if (numbers && (!name.endsWith('std') || value.every((x) => x > 0))) return value as unknown as PerChannel;
  throw checkpointError('data', path, {
    expected: `${name} of ${path} to be three numbers`,
    got: JSON.stringify(value).slice(0, 80),
    hint: 'correct the file, or download it again',
    details: { name },
  });
}

function unsupportedIn(path: string) {
  return (expected: string, got: string) =>
    checkpointError('unsupported', path, { expected, got: `${got} in ${path}`, hint: 'this form is not supported' });
}
