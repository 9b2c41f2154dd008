import type { Reproduction } from '@uniecs/retrieval';
import { type Command, Option } from 'commander';
import type { ReproduceFlags } from '../commands/reproduce-flags.js';
import {
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
import { shares, wholeNumbers } from './list-parsers.js';
import { namedPaths } from './named-paths.js';
import { choice, nameList, notBlank, positiveNumber, wholeNumber } from './parsers.js';

type Action = (what: Reproduction, flags: ReproduceFlags) => Promise<void>;

/** `uniecs reproduce` and a command in it for each table and figure. */
export function addReproduce(program: Command, action: Action): void {
  const reproduce = program
    .command('reproduce')
    .description(
      'Make a table or figure of the paper from pair files: train what it needs, measure, write a page and JSON. With one --out they share their models.',
    )
    .helpCommand(false);
  const add = (what: Reproduction, description: string) =>
    reproduce
      .command(what)
      .description(description)
      .action((flags: ReproduceFlags) => action(what, flags));

  withEmbeddings(withModels(add('table1', 'Nine tasks by method, the published figures beside them.'))).addHelpText(
    'after',
    examples(
      'uniecs reproduce table1 --train train.jsonl --val val.jsonl --test test.jsonl --out paper --seeds 7,8,9',
      'uniecs reproduce table1 --train train.jsonl --val val.jsonl --test test.jsonl --out paper --embeddings BLIP_FF=blip.npy',
    ),
  );
  withEmbeddings(
    withModels(
      add('table3', 'Fashion200K and FashionIQ by method, the published figures beside them; --train is optional.'),
    ),
  )
    .option('--fashion200k <dir>', 'folder of Fashion200K, with labels/ in it')
    .option('--fashion200k-images <dir>', 'folder that its image paths are relative to (default: the same)')
    .option('--fashioniq <dir>', 'folder of FashionIQ, with captions/ and image_splits/ in it')
    .option('--fashioniq-images <dir>', 'folder of its images (default: images in it, or the same)')
    .addHelpText(
      'after',
      examples(
        'uniecs reproduce table3 --fashion200k f200k --fashioniq fashion-iq --out paper --model UniECS=paper/cells/UniECS-7',
        'uniecs reproduce table3 --fashioniq fashion-iq --out paper --embeddings BLIP_FF=blip.parquet',
      ),
    );
  withTraining(
    add('table4', 'UniECS without each of its loss groups and without gating, the published table beside it.'),
  )
    .addOption(presetOption())
    .addHelpText(
      'after',
      examples(
        'uniecs reproduce table4 --train train.jsonl --val val.jsonl --test test.jsonl --out paper --seeds 7,8,9',
      ),
    );
  add('figure3', 'The categories of the benchmark, by a catalogue that knows its products.')
    .option('--test <file>', 'pair file of the benchmark (JSONL)')
    .option('--val <file>', 'in its place, where there is none')
    .requiredOption('--out <dir>', 'folder of the reproductions')
    .option('--catalog <file>', 'item file (JSONL) of the products, with their categories')
    .option('--category <field>', 'field that holds the category (default: articleType)', notBlank)
    .addOption(logFormatOption())
    .addHelpText('after', examples('uniecs reproduce figure3 --test test.jsonl --catalog catalog.jsonl --out paper'));
  withModels(add('figure4', 'The five best candidates of UniECS, CLIP_SF and CLIP_FF for the same queries.'))
    .option('--tasks <names>', 'tasks to ask (default: t->v,v->v,vt->vt)', nameList)
    .option('--queries <n>', 'queries of each task (default: 3)', wholeNumber(1))
    .addOption(drawSeedOption('of the choice of queries'))
    .addHelpText(
      'after',
      examples(
        "uniecs reproduce figure4 --train train.jsonl --val val.jsonl --test test.jsonl --out paper --tasks 'vt->vt'",
        'uniecs reproduce figure4 --test test.jsonl --out own --model UniECS=a --model CLIP_SF=b --model CLIP_FF=c',
      ),
    );
  withModels(add('figure5', 'Embeddings of 1,000 items by modality, by t-SNE, of the three models.'))
    .option('--items <n>', 'items that are drawn (default: 1000)', wholeNumber(1))
    .option('--perplexity <x>', 'of t-SNE, at most a third of the items (default: 30)', positiveNumber)
    .option('--iterations <n>', 'of t-SNE (default: 1000)', wholeNumber(1))
    .addOption(drawSeedOption('of the choice of items and of t-SNE'))
    .addHelpText(
      'after',
      examples('uniecs reproduce figure5 --train train.jsonl --val val.jsonl --test test.jsonl --out paper'),
    );
  withTraining(add('figure6', 'Recall over the beta of the adaptive weights.'))
    .addOption(
      new Option('--preset <name>', 'paper or recommended (default: paper)').argParser(
        choice(['paper', 'recommended']),
      ),
    )
    .option('--beta <values>', 'values of beta, 0 to 1 (default: 0,0.1,0.25,0.5,0.75,1)', shares)
    .addHelpText(
      'after',
      examples(
        'uniecs reproduce figure6 --train train.jsonl --val val.jsonl --test test.jsonl --out paper --seeds 7,8,9',
      ),
    );
  withModels(add('missing', 'Recall over the share of items without an image or a title, or with a wrong one.'))
    .addOption(drawSeedOption('of the choice of items'))
    .addHelpText(
      'after',
      examples(
        'uniecs reproduce missing --train train.jsonl --val val.jsonl --test test.jsonl --out paper --seeds 7,8,9',
      ),
    );
}

function drawSeedOption(of: string): Option {
  return new Option('--draw-seed <n>', `${of} (default: 7)`).argParser(wholeNumber(0));
}

/** The options of what trains its own models. */
function withTraining(command: Command): Command {
  return command
    .option('--train <file>', 'pair file to train on (JSONL)')
    .option('--val <file>', 'pair file to validate on: the best weights on it are judged')
    .option('--test <file>', 'pair file to judge on (default: that of --val, which flatters)')
    .requiredOption('--out <dir>', 'folder of the reproductions: new, or that of others; each model is trained once')
    .addOption(imagesOption())
    .addOption(imageCacheOption())
    .option(
      '--init <dir>',
      'model folder whose encoders and tokenizer all trainings start from (default: a random draw)',
    )
    .option('--config <file>', 'settings (YAML) for all models, by the names they have in config.json')
    .addOption(sizeOption())
    .addOption(epochsOption())
    .option('--steps <n>', 'steps instead of epochs', wholeNumber(1))
    .option('--batch-size <n>', 'pairs a step (default: 96, of size base 1024)', wholeNumber(1))
    .option('--micro-batch <n>', 'pairs encoded at a time (default: all of the step)', wholeNumber(1))
    .option('--lr <x>', 'peak learning rate (default: that of the size)', positiveNumber)
    .addOption(freezeOption())
    .addOption(featureCacheOption())
    .option('--seeds <list>', 'seeds of training, with commas between (default: 7)', wholeNumbers(0))
    .option('--data-workers <n>', 'threads that decode and augment images', wholeNumber(0))
    .addOption(deviceOption(' (default: auto)'))
    .option('--skip-bad', 'leave bad lines out instead of stopping')
    .option('--keep-checkpoints', 'keep the checkpoints of finished runs (default: their weights alone)')
    .addOption(logFormatOption());
}

/** Those of tables with rows for methods of which there are embeddings alone. */
function withEmbeddings(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--embeddings <name=file>',
        'row of a method whose embeddings were computed elsewhere (.parquet, .safetensors or .npy); several times',
      ).argParser(namedPaths(['.parquet', '.safetensors', '.npy'])),
    )
    .addOption(
      new Option(
        '--fuse <how>',
        'sum: fused embeddings, of files that lack them, as the normalised sum of image and text',
      ).argParser(choice(['sum'])),
    )
    .option('--normalize', 'bring embeddings of the files to norm 1');
}

/** Those of what can also be made with models that exist. */
function withModels(command: Command): Command {
  return withTraining(command).addOption(
    new Option(
      '--model <name=dir>',
      'model folder in the place of a training: UniECS, CLIP_SF, CLIP_FF, or one by another name; several times',
    ).argParser(namedPaths()),
  );
}
