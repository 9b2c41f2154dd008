import { type Command, Option } from 'commander';
import type { BuildDataFlags } from '../commands/build-data.js';
import { deviceOption, examples, imagesOption } from './common-options.js';
import { choice, cosine, fileEndingIn, notBlank, splitShares, wholeNumber } from './parsers.js';

const table = () => fileEndingIn(['.csv', '.tsv', '.jsonl', '.parquet']);

/** Adds `data build`. */
export function addBuildData(data: Command, action: (flags: BuildDataFlags) => Promise<void>): void {
  data
    .command('build')
    .description("Build same-style pairs from a product table and a log of interactions, by the paper's recipe.")
    .addOption(
      new Option('--products <file>', 'product table with id, title, image: .jsonl, .csv, .tsv or .parquet')
        .argParser(table())
        .makeOptionMandatory(),
    )
    .addOption(
      new Option(
        '--interactions <file>',
        'log with a user (or session) and an item a row: .csv, .tsv, .jsonl, .parquet',
      )
        .argParser(table())
        .makeOptionMandatory(),
    )
    .requiredOption('--out <dir>', 'folder to make')
    .addOption(imagesOption())
    .addOption(new Option('--model <dir>', 'compare products by this model').conflicts(['embeddings', 'similarity']))
    .addOption(
      new Option('--embeddings <file>', 'compare products by these vectors of image and text')
        .argParser(fileEndingIn(['.parquet', '.safetensors', '.npy']))
        .conflicts(['model', 'similarity']),
    )
    .addOption(
      new Option('--similarity <name>', 'content: compare words and thumbnails, without encoders')
        .argParser(choice(['content']))
        .conflicts(['model', 'embeddings']),
    )
    .addOption(deviceOption())
    .option('--user-column <name>', 'column of the user (default: user, user_id, session or session_id)', notBlank)
    .option(
      '--item-column <name>',
      'column of the product (default: item, item_id, product, product_id or id)',
      notBlank,
    )
    .option('--min-users <n>', 'least users that two products share', wholeNumber(1), 2)
    .option('--max-items-per-user <n>', "products of a user that count, the log's first", wholeNumber(2), 100)
    .option('--visual <x>', 'least cosine of the pictures', cosine, 0.75)
    .option('--textual <x>', 'least cosine of the titles', cosine, 0.75)
    .option('--group <field>', 'field of the table whose equal values stay in one split', notBlank)
    .option('--category <field>', 'field of the table that the data card counts by', notBlank)
    .option('--decisions <file>', 'decisions on pairs (JSON): rejected ones are left out')
    .option('--accepted-only', 'keep pairs that were accepted and no other')
    .addOption(
      new Option('--shares <shares>', 'of train, val and test')
        .argParser(splitShares)
        .default({ train: 0.8, val: 0.1, test: 0.1 }, '0.8,0.1,0.1'),
    )
    .option('--seed <n>', 'of the split', wholeNumber(0), 7)
    .option('--skip-bad', 'leave bad products out instead of stopping')
    .addHelpText(
      'after',
      examples(
        'uniecs data build --products products.csv --interactions clicks.parquet --model runs/first --out data',
        'uniecs data build --products products.csv --interactions clicks.csv --similarity content --out data',
      ),
    )
    .action((flags: BuildDataFlags, command: Command) => {
      if (flags.model === undefined && flags.embeddings === undefined && flags.similarity === undefined) {
        command.error("error: required option '--model', '--embeddings' or '--similarity content' not specified");
      }
      if (flags.acceptedOnly && flags.decisions === undefined) {
        command.error("error: option '--accepted-only' is for --decisions");
      }
      return action(flags);
    });
}
