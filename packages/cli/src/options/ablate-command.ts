import { type Command, Option } from 'commander';
import type { AblateFlags } from '../commands/ablate.js';
import {
  architectureOption,
  deviceOption,
  epochsOption,
  examples,
  featureCacheOption,
  freezeOption,
  imageCacheOption,
  imagesOption,
  logFormatOption,
  presetOption,
  sizeOption,
} from './common-options.js';
import { choices, shares, wholeNumbers } from './list-parsers.js';
import { choice, nameList, positiveNumber, wholeNumber } from './parsers.js';

/** `uniecs ablate`. */
export function addAblate(program: Command, action: (flags: AblateFlags) => Promise<void>): void {
  program
    .command('ablate')
    .description(
      'Train a grid of arms and seeds, and compare the arms: with confidence intervals, in the form of Table 4.',
    )
    .requiredOption('--train <file>', 'pair file to train on (JSONL)')
    .requiredOption('--val <file>', "pair file to validate on: every run's best weights on it are judged")
    .option('--test <file>', 'pair file to judge on (default: that of --val, which flatters)')
    .requiredOption('--out <dir>', 'folder of the grid: new, or one to go on with; several processes may share it')
    .addOption(imagesOption())
    .addOption(imageCacheOption())
    .option('--init <dir>', 'model folder whose encoders and tokenizer all runs start from (default: a random draw)')
    .option(
      '--config <file>',
      'grid (YAML): base (settings), arms (settings by name), seeds, baseline; flags override base and seeds',
    )
    .addOption(
      new Option('--grid <name>', 'ready-made arms: table4 or figure6 (a sweep of beta)').argParser(
        choice(['table4', 'figure6']),
      ),
    )
    .option(
      '--drop <names>',
      'an arm without these loss terms or groups; give it again for another arm',
      (text: string, before: string[][] = []) => [...before, nameList(text)],
    )
    .option('--gating <values>', 'arms with the gates on, off', choices(['on', 'off']))
    .option('--fusion-input <values>', 'arms with the fusion input concat, tokens', choices(['concat', 'tokens']))
    .option('--norm <values>', 'arms with the norms post, pre', choices(['post', 'pre']))
    .option(
      '--weighting <values>',
      'arms with the terms weighted adaptive (beta 0.5), fixed (as the preset starts), uniform',
      choices(['adaptive', 'fixed', 'uniform']),
    )
    .option('--beta <values>', 'arms with these values of beta, 0 to 1', shares)
    .option('--cross', 'an arm for every combination instead of one change at a time')
    .option('--seeds <list>', 'seeds that every arm is trained with, with commas between (default: 7)', wholeNumbers(0))
    .addOption(architectureOption())
    .addOption(sizeOption())
    .addOption(presetOption())
    .addOption(freezeOption())
    .addOption(epochsOption())
    .option('--steps <n>', 'steps instead of epochs', wholeNumber(1))
    .option('--batch-size <n>', 'pairs a step (default: 96, of size base 1024)', wholeNumber(1))
    .option('--micro-batch <n>', 'pairs encoded at a time (default: all of the step)', wholeNumber(1))
    .option('--lr <x>', 'peak learning rate (default: that of the size)', positiveNumber)
    .option('--data-workers <n>', 'threads that decode and augment images', wholeNumber(0))
    .addOption(featureCacheOption())
    .option('--term <file>', 'module that exports a loss term of your own, for all arms that do not drop it')
    .addOption(deviceOption(' (default: auto)'))
    .option('--skip-bad', 'leave bad lines out instead of stopping')
    .option('--keep-checkpoints', 'keep the checkpoints of finished runs (default: their weights alone)')
    .addOption(logFormatOption())
    .addHelpText(
      'after',
      examples(
        'uniecs ablate --train train.jsonl --val val.jsonl --test test.jsonl --out table4 --grid table4 --seeds 7,8,9',
        'uniecs ablate --train train.jsonl --val val.jsonl --test test.jsonl --out figure6 --grid figure6 --seeds 7,8,9',
        'uniecs ablate --train train.jsonl --val val.jsonl --out heads --init pretrained --freeze encoders --grid table4',
        'uniecs ablate --train train.jsonl --val val.jsonl --out own --drop CLAL --drop PLC,V2V --gating off --term loss.mjs',
      ),
    )
    .action((flags: AblateFlags) => action(flags));
}
