import type { Reproduction } from '@uniecs/retrieval';
import { Command, Option } from 'commander';
import type { AblateFlags } from './commands/ablate.js';
import type { BeyondTextFlags } from './commands/beyond-text.js';
import type { BuildDataFlags } from './commands/build-data.js';
import type { BuildIndexFlags } from './commands/build-index.js';
import type { DoctorFlags } from './commands/doctor.js';
import type { EmbedFlags } from './commands/embed.js';
import type { EvaluateFlags } from './commands/evaluate.js';
import type { EvaluateRunFlags } from './commands/evaluate-run.js';
import type { EvaluateStylesFlags } from './commands/evaluate-styles.js';
import type { ExportFlags } from './commands/export.js';
import type { GenerateDataFlags } from './commands/generate-data.js';
import type { ImportFlags } from './commands/import-model.js';
import type { MineFlags } from './commands/mine.js';
import type { ReportDataFlags } from './commands/report-data.js';
import type { ReproduceFlags } from './commands/reproduce-flags.js';
import type { SearchFlags } from './commands/search.js';
import type { ShardDataFlags } from './commands/shard-data.js';
import type { TrainFlags } from './commands/train.js';
import type { ValidateDataFlags } from './commands/validate-data.js';
import type { VerifyDataFlags } from './commands/verify-data.js';
import { checkedDevices } from './machine/device-checks.js';
import { addAblate } from './options/ablate-command.js';
import { addBeyondText } from './options/beyond-text-command.js';
import { addBuildData } from './options/build-data-command.js';
import {
  architectureOption,
  deviceOption,
  embeddingCacheOption,
  epochsOption,
  examples,
  featureCacheOption,
  freezeOption,
  imageCacheOption,
  imagesOption,
  logFormatOption,
  presetOption,
  sizeOption,
} from './options/common-options.js';
import { addEvaluate } from './options/evaluate-command.js';
import { addExport } from './options/export-command.js';
import { addImport } from './options/import-command.js';
import { addMine } from './options/mine-command.js';
import {
  choice,
  fileEndingIn,
  nameList,
  notBlank,
  positiveNumber,
  queryWeights,
  wholeNumber,
} from './options/parsers.js';
import { addReproduce } from './options/reproduce-command.js';
import { addShardData } from './options/shard-data-command.js';
import { addVerifyData } from './options/verify-data-command.js';
import { version } from './version.js';

/** What the commands do, once their flags are read. */
export interface Actions {
  train(flags: TrainFlags): Promise<void>;
  ablate(flags: AblateFlags): Promise<void>;
  beyondText(flags: BeyondTextFlags): Promise<void>;
  reproduce(what: Reproduction, flags: ReproduceFlags): Promise<void>;
  importModel(flags: ImportFlags): Promise<void>;
  evaluate(flags: EvaluateFlags): Promise<void>;
  evaluateRun(flags: EvaluateRunFlags): Promise<void>;
  evaluateStyles(flags: EvaluateStylesFlags): Promise<void>;
  mine(flags: MineFlags): Promise<void>;
  embed(flags: EmbedFlags): Promise<void>;
  export(flags: ExportFlags): Promise<void>;
  buildIndex(flags: BuildIndexFlags): Promise<void>;
  search(flags: SearchFlags): Promise<void>;
  generateData(flags: GenerateDataFlags): Promise<void>;
  validateData(file: string, flags: ValidateDataFlags): Promise<void>;
  reportData(files: string[], flags: ReportDataFlags): Promise<void>;
  verifyData(files: string[], flags: VerifyDataFlags): Promise<void>;
  buildData(flags: BuildDataFlags): Promise<void>;
  shardData(flags: ShardDataFlags): Promise<void>;
  doctor(flags: DoctorFlags): Promise<void>;
}

/** Where the texts of the command line itself go: help, the version, and what is wrong with the flags. */
export interface CommandLineOutput {
  readonly writeOut: (text: string) => void;
  readonly writeErr: (text: string) => void;
  /** Columns of help; default what the terminal has. */
  readonly helpWidth?: number;
}

/** The command line: every command with its flags. Loads nothing heavy, so that help is quick. */
export function createProgram(actions: Actions, { writeOut, writeErr, helpWidth }: CommandLineOutput): Command {
  const width = helpWidth === undefined ? {} : { getOutHelpWidth: () => helpWidth, getErrHelpWidth: () => helpWidth };
  const program = new Command('uniecs')
    .description('Multimodal e-commerce search: train UniECS on product pairs, judge it, index a catalogue, search.')
    .version(version, '--version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .helpCommand(false)
    .option('--verbose', 'show where an error comes from')
    .exitOverride()
    .configureOutput({ writeOut, writeErr, ...width });
  addImport(program, (flags) => actions.importModel(flags));
  addTrain(program, actions);
  addAblate(program, (flags) => actions.ablate(flags));
  addBeyondText(program, (flags) => actions.beyondText(flags));
  addReproduce(program, (what, flags) => actions.reproduce(what, flags));
  addEvaluate(program, actions);
  addMine(program, (flags) => actions.mine(flags));
  addEmbed(program, actions);
  addIndex(program, actions);
  addSearch(program, actions);
  addExport(program, (flags) => actions.export(flags));
  addData(program, actions);
  program
    .command('doctor')
    .description('Say what of this machine and installation works, and what to do about the rest.')
    .addOption(
      new Option('--device <name>', 'try this device alone, with a training step beside the CPU').argParser(
        choice(checkedDevices),
      ),
    )
    .action((flags: DoctorFlags) => actions.doctor(flags));
  return program;
}

const modelOption = (does: string) => new Option('--model <dir>', `model folder ${does}`).makeOptionMandatory();

function addTrain(program: Command, actions: Actions): void {
  program
    .command('train')
    .description('Train a model on product pairs.')
    .option('--train <file>', 'pair file to train on (JSONL)')
    .option('--val <file>', 'pair file to validate on: the best weights on it are kept')
    .requiredOption('--out <dir>', 'model folder to write: new, or empty, or that of a run to resume')
    .addOption(imagesOption())
    .option('--config <file>', 'settings (YAML) by the names they have in config.json; flags override them')
    .addOption(architectureOption())
    .addOption(sizeOption())
    .addOption(presetOption())
    .addOption(
      new Option(
        '--init <dir>',
        'model folder whose weights the run starts from, with its size, tokenizer and encoders',
      ).conflicts('resume'),
    )
    .addOption(freezeOption())
    .addOption(epochsOption())
    .option('--steps <n>', 'steps instead of epochs', wholeNumber(1))
    .option('--batch-size <n>', 'pairs a step (default: 96, of size base 1024)', wholeNumber(1))
    .option(
      '--micro-batch <n>',
      'pairs encoded at a time: fewer take less memory (default: all of the step)',
      wholeNumber(1),
    )
    .option(
      '--recompute',
      'encode again on the way back instead of keeping it all: a third of the memory, a fifth more time',
    )
    .addOption(
      new Option(
        '--precision <name>',
        'what matrix products multiply: float32, float16 or bfloat16 (default: float32)',
      ).argParser(choice(['float32', 'float16', 'bfloat16'])),
    )
    .option('--lr <x>', 'peak learning rate (default: that of the size)', positiveNumber)
    .option('--seed <n>', 'of everything that is drawn (default: 7)', wholeNumber(0))
    .option(
      '--data-workers <n>',
      'threads that decode and augment images, 0 for none of their own (default: one per four cores, at most 4)',
      wholeNumber(0),
    )
    .addOption(imageCacheOption())
    .addOption(featureCacheOption())
    .option('--drop <names>', 'loss terms or groups to leave out, with commas between', nameList)
    .option('--term <file>', 'module that exports a loss term of your own')
    .option('--hard-negatives <file>', 'hard negatives of uniecs mine, which come into the batch of their pair')
    .addOption(deviceOption(' (default: auto; with --resume the one that the run had)'))
    .option('--skip-bad', 'leave bad lines out instead of stopping')
    .option('--resume', 'go on with the newest checkpoint in --out, with its settings and data')
    .addOption(
      new Option(
        '--on-save-error <name>',
        'stop, or continue with the older checkpoint, when a save fails (default: stop)',
      ).argParser(choice(['stop', 'continue'])),
    )
    .addOption(logFormatOption())
    .addHelpText(
      'after',
      examples(
        'uniecs train --train train.jsonl --val val.jsonl --out runs/first',
        'uniecs train --train train.jsonl --val val.jsonl --out runs/plain --preset paper --drop CLAL --epochs 5',
        'uniecs train --out runs/first --resume',
      ),
    )
    .action((flags: TrainFlags, command: Command) => {
      const missing = (['train', 'val'] as const).find((name) => flags[name] === undefined);
      if (missing && !flags.resume) command.error(`error: required option '--${missing} <file>' not specified`);
      return actions.train(flags);
    });
}

function addEmbed(program: Command, actions: Actions): void {
  program
    .command('embed')
    .description('Write the embeddings of items: fused, of the image alone, of the title alone.')
    .addOption(modelOption('to embed with'))
    .requiredOption('--items <file>', 'item file (JSONL)')
    .addOption(imagesOption())
    .addOption(deviceOption())
    .addOption(embeddingCacheOption())
    .addOption(
      new Option('--out <file>', 'file to write, .parquet or .safetensors')
        .argParser(fileEndingIn(['.parquet', '.safetensors']))
        .makeOptionMandatory(),
    )
    .addHelpText('after', examples('uniecs embed --model runs/first --items catalog.jsonl --out catalog.parquet'))
    .action((flags: EmbedFlags) => actions.embed(flags));
}

function addIndex(program: Command, actions: Actions): void {
  program
    .command('index')
    .description('Embed the items of a catalogue and store them for search.')
    .addOption(modelOption('to embed with'))
    .requiredOption('--items <file>', 'item file (JSONL); fields beside id, title and image are kept for filters')
    .addOption(imagesOption())
    .addOption(
      new Option('--store <name>', 'exact (all in memory) or lancedb (on disk)')
        .argParser(choice(['exact', 'lancedb'], ['milvus', 'pgvector']))
        .makeOptionMandatory(),
    )
    .requiredOption('--to <path>', 'where to write the index')
    .addHelpText('after', examples('uniecs index --model runs/first --items catalog.jsonl --store lancedb --to index'))
    .action((flags: BuildIndexFlags) => actions.buildIndex(flags));
}

function addSearch(program: Command, actions: Actions): void {
  program
    .command('search')
    .description('Search an index by text, by image, by both, or by an item in it.')
    .addOption(modelOption('that made the index'))
    .requiredOption('--index <path>', 'index to search')
    .option('--text <string>', 'what it is called or looks like', notBlank)
    .option('--image <file>', 'a picture of it')
    .addOption(
      new Option('--like <id>', 'an item of the index, instead of text and image').conflicts([
        'text',
        'image',
        'weight',
      ]),
    )
    .option('--not-text <string>', 'what it should not be', notBlank)
    .option(
      '--weight <weights>',
      'image=X,text=Y: how much each side counts (default: as the model fuses them)',
      queryWeights,
    )
    .option('--k <n>', 'results', wholeNumber(1), 10)
    .option('--where <expr>', "filter over the items' fields: price < 20 and colour in ('red', 'blue')", notBlank)
    .option('--json', 'print the results as JSON')
    .addHelpText(
      'after',
      examples(
        "uniecs search --model runs/first --index index --text 'red shirt'",
        "uniecs search --model runs/first --index index --image photo.jpg --text 'in blue' --weight image=0.7,text=0.3",
        "uniecs search --model runs/first --index index --like 00042 --where 'price < 20' --k 5",
      ),
    )
    .action((flags: SearchFlags) => actions.search(flags));
}

function addData(program: Command, actions: Actions): void {
  const data = program.command('data').description('Make and check data.').helpCommand(false);
  data
    .command('generate')
    .description('Draw a catalogue of invented products with same-style pairs.')
    .requiredOption('--out <dir>', 'folder to make')
    .option('--pairs <n>', 'pairs to train on; a sixth as many to validate, a third to test', wholeNumber(1), 600)
    .option('--seed <n>', 'of everything that is drawn', wholeNumber(0), 7)
    .addHelpText('after', examples('uniecs data generate --out catalogue --pairs 600 --seed 7'))
    .action((flags: GenerateDataFlags) => actions.generateData(flags));
  data
    .command('validate')
    .description('List every problem of a pair or item file and count what its items have.')
    .argument('<file>', 'pair file or item file (JSONL)')
    .addOption(imagesOption())
    .addHelpText('after', examples('uniecs data validate train.jsonl'))
    .action((file: string, flags: ValidateDataFlags) => actions.validateData(file, flags));
  data
    .command('report')
    .description('Print the data card of pair and item files: counts, duplicates, and what stands in two of them.')
    .argument('<files...>', 'pair files or item files (JSONL)')
    .addOption(imagesOption())
    .option('--category <field>', 'count products by this field, of the item files or of --items')
    .option('--items <file>', 'item file that has the field, where the files are pair files')
    .option('--json <file>', 'write the card there as well')
    .addHelpText(
      'after',
      examples('uniecs data report train.jsonl val.jsonl test.jsonl --items catalog.jsonl --category kind'),
    )
    .action((files: string[], flags: ReportDataFlags) => actions.reportData(files, flags));
  addBuildData(data, (flags) => actions.buildData(flags));
  addVerifyData(data, (files, flags) => actions.verifyData(files, flags));
  addShardData(data, (flags) => actions.shardData(flags));
}
