import type { Command } from 'commander';
import type { VerifyDataFlags } from '../commands/verify-data.js';
import { examples, imagesOption } from './common-options.js';
import { fileEndingIn, wholeNumber } from './parsers.js';

/** Adds `data verify`. */
export function addVerifyData(data: Command, action: (files: string[], flags: VerifyDataFlags) => Promise<void>): void {
  data
    .command('verify')
    .description('Write a page on which somebody accepts or rejects pairs; data build --decisions takes what it saves.')
    .argument('<files...>', 'pair files (JSONL)')
    .requiredOption('--out <file>', 'page to write (.html): it needs nothing else', fileEndingIn(['.html']))
    .addOption(imagesOption())
    .option('--sample <n>', 'pairs, drawn at random (default: all, at most 5000)', wholeNumber(1))
    .option('--seed <n>', 'of --sample', wholeNumber(0), 7)
    .option('--side <n>', 'longest side of a picture, in pixels', wholeNumber(16), 192)
    .option('--skip-bad', 'leave bad lines out instead of stopping')
    .addHelpText(
      'after',
      examples(
        'uniecs data verify data/train.jsonl --images pictures --out verify.html --sample 300',
        'uniecs data build --products products.csv --interactions clicks.csv --model runs/first --decisions decisions.json --out checked',
      ),
    )
    .action(action);
}
