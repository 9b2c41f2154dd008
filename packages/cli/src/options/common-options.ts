import { InvalidArgumentError, Option } from 'commander';
import { deviceNames } from '../machine/device.js';
import { choice, fileEndingIn, nameList, wholeNumber } from './parsers.js';

/** `--images`. */
export function imagesOption(): Option {
  return new Option('--images <dir>', 'folder of the image paths (default: the folder of the file)');
}

/** `--image-cache`. */
export function imageCacheOption(): Option {
  return new Option(
    '--image-cache <dir>',
    "folder that keeps decoded images for later runs, or off (default: the user's cache folder)",
  );
}

/** `--embedding-cache` of the commands that embed many items. */
export function embeddingCacheOption(): Option {
  return new Option(
    '--embedding-cache <dir>',
    "folder that keeps embeddings by the content of model and item, or off (default: the user's cache folder)",
  );
}

/** `--freeze`. */
export function freezeOption(): Option {
  return new Option(
    '--freeze <patterns>',
    'parameters that stay as they are: names of parameters or modules, encoders, * for anything; commas between',
  ).argParser(nameList);
}

/** `--feature-cache` of the commands that train. */
export function featureCacheOption(): Option {
  return new Option(
    '--feature-cache <dir>',
    "folder for what frozen encoders give each item, or off: they encode at every step (default: the user's cache folder)",
  );
}

/** `--model`, where it names what is trained. */
export function architectureOption(): Option {
  return new Option(
    '--model <name>',
    'uniecs, or a baseline with the same encoders: clip-sf (score fusion) or clip-ff (feature fusion) (default: uniecs)',
  ).argParser((text) => {
    if (text === 'two-tower') {
      throw new InvalidArgumentError('Two towers are trained on a catalogue: uniecs beyond-text does that.');
    }
    return choice(['uniecs', 'clip-sf', 'clip-ff'])(text);
  });
}

/** `--size`. */
export function sizeOption(): Option {
  return new Option('--size <name>', 'tiny, small or base (default: tiny)').argParser(
    choice(['tiny', 'small', 'base']),
  );
}

/** `--preset`. */
export function presetOption(): Option {
  return new Option('--preset <name>', 'paper or recommended (default: recommended)').argParser(
    choice(['paper', 'recommended']),
  );
}

/** `--epochs`, which does not go with `--steps`. */
export function epochsOption(): Option {
  return new Option('--epochs <n>', 'passes over the pairs (default: 10)').argParser(wholeNumber(1)).conflicts('steps');
}

/** `--device`. */
export function deviceOption(unless = ''): Option {
  return new Option('--device <name>', `where the model runs: ${deviceNames.join(', ')}${unless}`).argParser(
    choice(deviceNames),
  );
}

/** `--log-format`. */
export function logFormatOption(): Option {
  return new Option(
    '--log-format <name>',
    'pretty or jsonl (every line is JSON: events on standard error, the summary on standard output)',
  )
    .argParser(choice(['pretty', 'jsonl']))
    .default('pretty');
}

/**
 * The options of a command that takes embeddings in the place of a model: `--embeddings`, `--fuse`, `--normalize`.
 *
 * @param what what embeddings do: `embeddings to judge`
 */
export function embeddingsOptions(what: string): Option[] {
  return [
    new Option('--embeddings <file>', `${what} instead of a model: .parquet, .safetensors or .npy`)
      .argParser(fileEndingIn(['.parquet', '.safetensors', '.npy']))
      .conflicts(['model', 'device', 'embeddingCache']),
    new Option(
      '--fuse <how>',
      'sum: fused embeddings, which the file lacks, as the normalised sum of image and text',
    ).argParser(choice(['sum'])),
    new Option('--normalize', 'bring embeddings of the file to norm 1 (without it another norm is an error)'),
  ];
}

/** Command lines at the end of a help. */
export function examples(...lines: string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${line}`).join('\n')}`;
}
