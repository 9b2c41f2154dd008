import type { Command } from 'commander';
import type { ShardDataFlags } from '../commands/shard-data.js';
import { examples, imagesOption } from './common-options.js';
import { wholeNumber } from './parsers.js';

/** Adds `data shard`. */
export function addShardData(data: Command, action: (flags: ShardDataFlags) => Promise<void>): void {
  data
    .command('shard')
    .description('Write a pair or item file with its pictures as WebDataset shards (.tar), which every command takes.')
    .option('--pairs <file>', 'pair file (JSONL)')
    .option('--items <file>', 'item file (JSONL) instead')
    .requiredOption('--out <dir>', 'folder to make')
    .addOption(imagesOption())
    .option('--per-shard <n>', 'pairs or items of a shard', wholeNumber(1), 10_000)
    .option('--skip-bad', 'leave bad lines out instead of stopping')
    .addHelpText(
      'after',
      examples(
        'uniecs data shard --pairs train.jsonl --images pictures --out shards/train',
        'uniecs train --train shards/train --val val.jsonl --out runs/first',
      ),
    )
    .action((flags: ShardDataFlags, command: Command) => {
      if ((flags.pairs === undefined) === (flags.items === undefined)) {
        command.error("error: give one of the options '--pairs <file>' and '--items <file>'");
      }
      return action(flags);
    });
}
