import { type Command, Option } from 'commander';
import type { EvaluateFlags } from '../commands/evaluate.js';
import type { EvaluateRunFlags } from '../commands/evaluate-run.js';
import type { EvaluateStylesFlags } from '../commands/evaluate-styles.js';
import { deviceOption, embeddingCacheOption, embeddingsOptions, examples, imagesOption } from './common-options.js';
import { choice, nameList, notBlank, wholeNumber } from './parsers.js';

interface EvaluateActions {
  evaluate(flags: EvaluateFlags): Promise<void>;
  evaluateRun(flags: EvaluateRunFlags): Promise<void>;
  evaluateStyles(flags: EvaluateStylesFlags): Promise<void>;
}

/** Adds `eval`: a model or embeddings on pairs, a benchmark or a catalogue, or a TREC run. */
export function addEvaluate(program: Command, actions: EvaluateActions): void {
  const command = program
    .command('eval')
    .description('Judge a model, or embeddings computed elsewhere, on the nine retrieval tasks, or another benchmark.')
    .option('--model <dir>', 'model folder to judge');
  for (const option of embeddingsOptions('embeddings to judge')) command.addOption(option);
  command
    .option('--pairs <file>', 'pair file (JSONL), or the folder of a --dataset')
    .addOption(imagesOption())
    .addOption(deviceOption())
    .addOption(embeddingCacheOption())
    .addOption(
      new Option(
        '--dataset <name>',
        'layout of --pairs: mbeer (a pair file), or fashion200k or fashioniq (their folder) (default: mbeer)',
      ).argParser(choice(['mbeer', 'fashion200k', 'fashioniq'])),
    )
    .option(
      '--columns <names>',
      'other names of the fields of the pair file: item_id_1=query_id,... or a YAML file of the same',
      notBlank,
    )
    .option('--skip-bad', 'leave out bad lines, and of fashion200k and fashioniq what lacks its picture')
    .addOption(
      new Option(
        '--pool <name>',
        'candidates: global (all items in the modality of the task), modality (an entry per modality of each item), mixed (each item in one modality at random) (default: global)',
      ).argParser(choice(['global', 'modality', 'mixed'])),
    )
    .option('--seed <n>', 'of the mixed pool (default: 7)', wholeNumber(0))
    .option('--run-out <dir>', 'write a TREC run (100 best) and its judgements for each task')
    .option(
      '--items <file>',
      'item file (JSONL) instead of --pairs: SCR@K, the share of the K best that is of the own style',
    )
    .option('--style <fields>', 'fields of --items, commas between, whose equal values are a style', nameList)
    .option('--style-pairs <file>', 'pair file instead of --style: items that pairs join are a style')
    .option('--run <file>', 'TREC run to judge instead of a model, by --qrels')
    .option('--qrels <file>', 'TREC judgements of --run')
    .option('--json <file>', 'write the report there as well')
    .addHelpText(
      'after',
      examples(
        'uniecs eval --model runs/first --pairs test.jsonl --json report.json',
        'uniecs eval --embeddings clip/image.npy --fuse sum --normalize --pairs test.jsonl',
        'uniecs eval --model runs/first --pairs esspr.jsonl --columns item_id_1=query,item_image_1=query_image,...',
        'uniecs eval --model runs/first --pairs test.jsonl --pool mixed',
        'uniecs eval --model runs/first --items catalog.jsonl --style kind,colour',
        'uniecs eval --run bm25.run --qrels test.qrels',
        'uniecs eval --model runs/first --pairs fashion-iq --dataset fashioniq --images fashion-iq/images',
      ),
    )
    .action((flags: EvaluateFlags & Partial<EvaluateRunFlags> & Partial<EvaluateStylesFlags>, command: Command) => {
      const { run, qrels, json } = flags;
      if (run !== undefined || qrels !== undefined) {
        if (run === undefined) command.error("error: required option '--run <file>' not specified");
        if (qrels === undefined) command.error("error: required option '--qrels <file>' not specified");
        const other = Object.keys(flags).find((name) => !['run', 'qrels', 'json'].includes(name));
        if (other !== undefined) command.error(`error: option '--run' takes --qrels and --json alone, not ${other}`);
        return actions.evaluateRun({
          run: run as string,
          qrels: qrels as string,
          ...(json === undefined ? {} : { json }),
        });
      }
      if (flags.model === undefined && flags.embeddings === undefined) {
        command.error("error: required option '--model <dir>' or '--embeddings <file>' not specified");
      }
      if (flags.items !== undefined) {
        const other = (['pairs', 'dataset', 'columns', 'pool', 'seed', 'runOut'] as const).find(
          (name) => flags[name] !== undefined,
        );
        if (other !== undefined) command.error(`error: option '--items' does not go with ${other}`);
        if ((flags.style === undefined) === (flags.stylePairs === undefined)) {
          command.error("error: option '--items' takes one of --style and --style-pairs");
        }
        checkEmbeddingFlags(flags, command);
        return actions.evaluateStyles({ ...flags, items: flags.items });
      }
      if (flags.style !== undefined || flags.stylePairs !== undefined) {
        command.error("error: options '--style' and '--style-pairs' are for --items");
      }
      if (flags.pairs === undefined) command.error("error: required option '--pairs <file>' not specified");
      if (flags.seed !== undefined && flags.pool !== 'mixed')
        command.error("error: option '--seed' is for --pool mixed");
      if (flags.runOut !== undefined && flags.pool !== undefined && flags.pool !== 'global') {
        command.error("error: option '--run-out' is for --pool global");
      }
      const onPairs = (['pool', 'runOut'] as const).find(
        (name) => flags[name] !== undefined && flags[name] !== 'global',
      );
      if (onPairs && ![undefined, 'mbeer'].includes(flags.dataset)) {
        command.error(`error: option '--${onPairs === 'pool' ? 'pool' : 'run-out'}' is for pair files`);
      }
      checkEmbeddingFlags(flags, command);
      if (flags.columns !== undefined && ![undefined, 'mbeer'].includes(flags.dataset)) {
        command.error("error: option '--columns' is for pair files");
      }
      return actions.evaluate(flags);
    });
}

/** Stops where a flag that is for embeddings stands without them. */
function checkEmbeddingFlags(flags: Pick<EvaluateFlags, 'fuse' | 'normalize' | 'embeddings'>, command: Command): void {
  const alone = (['fuse', 'normalize'] as const).find((name) => flags[name] !== undefined);
  if (alone && flags.embeddings === undefined) command.error(`error: option '--${alone}' is for --embeddings`);
}
