import { type Command, Option } from 'commander';
import type { MineFlags } from '../commands/mine.js';
import { deviceOption, embeddingCacheOption, embeddingsOptions, examples, imagesOption } from './common-options.js';
import { choice, cosine, fromZero, nameList, notBlank, share, wholeNumber } from './parsers.js';

/** Adds `mine`. */
export function addMine(program: Command, action: (flags: MineFlags) => Promise<void>): void {
  const command = program
    .command('mine')
    .description(
      'Find hard negatives of product pairs, what scores high and is no partner, for uniecs train --hard-negatives.',
    )
    .option('--model <dir>', 'model folder that scores');
  for (const option of embeddingsOptions('embeddings that score')) command.addOption(option);
  command
    .requiredOption('--pairs <file>', 'pair file (JSONL) that will be trained on')
    .addOption(imagesOption())
    .addOption(deviceOption())
    .addOption(embeddingCacheOption())
    .option(
      '--columns <names>',
      'other names of the fields of the pair file: item_id_1=query_id,... or a YAML file of the same',
      notBlank,
    )
    .option('--skip-bad', 'leave bad lines out instead of stopping')
    .option(
      '--tasks <names>',
      'by which view of a query among which view of the candidates, commas between',
      nameList,
      ['vt->vt'],
    )
    .option('--count <n>', 'negatives of a query at most', wholeNumber(1), 3)
    .option(
      '--range-min <n>',
      'best candidates that are passed over: false negatives are among them',
      wholeNumber(0),
      0,
    )
    .option('--range-max <n>', 'rank of the last candidate that is looked at', wholeNumber(1), 100)
    .option('--min-score <x>', 'least score of a negative', cosine)
    .option('--max-score <x>', 'largest score of a negative', cosine)
    .option('--absolute-margin <x>', "how far below the partner's score p: at most p - x", fromZero)
    .option('--relative-margin <x>', 'the same as a share of p, 0 to 1: at most p - x |p|', share)
    .addOption(
      new Option('--sampling <name>', 'top (the best of those) or random (drawn from them)')
        .argParser(choice(['top', 'random']))
        .default('top'),
    )
    .option('--seed <n>', 'of random sampling', wholeNumber(0), 7)
    .requiredOption('--out <file>', 'file to write (JSONL)')
    .addHelpText(
      'after',
      examples(
        'uniecs mine --model runs/first --pairs train.jsonl --out negatives.jsonl',
        "uniecs mine --model runs/first --pairs train.jsonl --tasks 'v->v,vt->vt' --relative-margin 0.05 --out negatives.jsonl",
        'uniecs train --train train.jsonl --val val.jsonl --hard-negatives negatives.jsonl --init runs/first --out runs/second',
      ),
    )
    .action((flags: MineFlags, command: Command) => {
      if (flags.model === undefined && flags.embeddings === undefined) {
        command.error("error: required option '--model <dir>' or '--embeddings <file>' not specified");
      }
      const alone = (['fuse', 'normalize'] as const).find((name) => flags[name] !== undefined);
      if (alone && flags.embeddings === undefined) command.error(`error: option '--${alone}' is for --embeddings`);
      if (flags.rangeMax <= flags.rangeMin) command.error("error: option '--range-max' must be above --range-min");
      return action(flags);
    });
}
