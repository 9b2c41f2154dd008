import { type Command, Option } from 'commander';
import type { BeyondTextFlags } from '../commands/beyond-text.js';
import {
  deviceOption,
  examples,
  imageCacheOption,
  imagesOption,
  logFormatOption,
  presetOption,
  sizeOption,
} from './common-options.js';
import { attributeFields, choices, wholeNumbers } from './list-parsers.js';
import { positiveNumber, wholeNumber } from './parsers.js';

/** The arms by the names that the flag has for them. */
export const armNames = ['full', 'without-alignment', 'frozen', 'frozen-without-alignment', 'text-only'] as const;

/** `uniecs beyond-text`. */
export function addBeyondText(program: Command, action: (flags: BeyondTextFlags) => Promise<void>): void {
  program
    .command('beyond-text')
    .description(
      'Train two towers on a catalogue, text queries against products of title and image, in two stages, and compare the arms of that recipe.',
    )
    .requiredOption('--catalog <file>', 'item file (JSONL) with the attributes that queries ask by')
    .requiredOption('--out <dir>', 'folder of the recipe: new, or one to go on with; several processes may share it')
    .addOption(imagesOption())
    .addOption(imageCacheOption())
    .option('--val <file>', 'pair file whose products are held out to choose on (default: a tenth, drawn)')
    .option('--test <file>', 'pair file whose products are held out to report on (default: a tenth, drawn)')
    .option(
      '--fields <names>',
      'fields of the catalogue for type, colour and usage (default: type=articleType,colour=baseColour,usage=usage)',
      attributeFields,
    )
    .option(
      '--arms <names>',
      `of ${armNames.join(', ')} (default: all); the others are held against the first`,
      choices(armNames),
    )
    .option(
      '--seeds <list>',
      'seeds that every arm is trained with, with commas between (default: 7,8,9)',
      wholeNumbers(0),
    )
    .addOption(sizeOption())
    .addOption(presetOption())
    .option('--init <dir>', 'model folder whose encoders all arms start from (default: a random draw)')
    .addOption(
      new Option('--epochs <n>', 'times that every query comes with some of its products (default: 10)')
        .argParser(wholeNumber(1))
        .conflicts('steps'),
    )
    .option('--steps <n>', 'steps of both stages together, instead of epochs', wholeNumber(2))
    .option(
      '--alignment-share <x>',
      'share of the steps that stage 1 has, above 0 and below 1 (default: 0.5)',
      positiveNumber,
    )
    .option('--per-query <n>', 'products that a query comes with in an epoch, at most (default: 4)', wholeNumber(1))
    .option('--batch-size <n>', 'queries a step (default: 96, of size base 1024)', wholeNumber(1))
    .option('--lr <x>', 'peak learning rate (default: that of the size)', positiveNumber)
    .option('--data-workers <n>', 'threads that decode and augment images', wholeNumber(0))
    .addOption(deviceOption(' (default: auto)'))
    .option('--skip-bad', 'leave bad lines out instead of stopping')
    .addOption(logFormatOption())
    .addHelpText(
      'after',
      examples(
        'uniecs beyond-text --catalog catalog.jsonl --out beyond-text',
        'uniecs beyond-text --catalog catalog.jsonl --val val.jsonl --test test.jsonl --out beyond-text --steps 300',
        'uniecs beyond-text --catalog catalogue/catalog.jsonl --fields type=kind,colour=colour,usage=audience --out own --arms full,text-only --seeds 7',
      ),
    )
    .action((flags: BeyondTextFlags, command: Command) => {
      if ((flags.val === undefined) !== (flags.test === undefined)) {
        command.error("error: options '--val <file>' and '--test <file>' go together");
      }
      return action(flags);
    });
}
