import { type Command, Option } from 'commander';
import type { ExportFlags } from '../commands/export.js';
import { examples } from './common-options.js';
import { choices } from './list-parsers.js';
import { choice } from './parsers.js';

/** The roles of exported files by name; those of `@uniecs/retrieval`, which help does not load. */
export const roleNames = ['image-tokens', 'text-tokens', 'fusion', 'image', 'text', 'item'] as const;

/** Adds `uniecs export`. */
export function addExport(program: Command, run: (flags: ExportFlags) => Promise<void>): void {
  program
    .command('export')
    .description('Write a model as ONNX files for other runtimes, one a role, for batches of any size.')
    .requiredOption('--model <dir>', 'model folder to export')
    .requiredOption('--out <dir>', 'folder to write: new, or empty')
    .addOption(
      new Option('--dtype <name>', 'how files hold the weights: float32, float16 or int8 (default: float32)').argParser(
        choice(['float32', 'float16', 'int8']),
      ),
    )
    .addOption(
      new Option(
        '--roles <names>',
        `files to write, with commas between: ${roleNames.join(', ')} (default: the first three)`,
      ).argParser(choices(roleNames)),
    )
    .addHelpText(
      'after',
      examples(
        'uniecs export --model runs/first --out runs/first-onnx',
        'uniecs export --model runs/first --out runs/first-int8 --dtype int8',
        'uniecs eval --model runs/first-int8 --pairs test.jsonl',
      ),
    )
    .action((flags: ExportFlags) => run(flags));
}
