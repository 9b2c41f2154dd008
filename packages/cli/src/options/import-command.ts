import { type Command, Option } from 'commander';
import type { ImportFlags } from '../commands/import-model.js';
import { examples, presetOption } from './common-options.js';
import { choice, wholeNumber } from './parsers.js';

/** `uniecs import`. */
export function addImport(program: Command, action: (flags: ImportFlags) => Promise<void>): void {
  program
    .command('import')
    .description(
      'Make a model folder of pretrained encoders, CLIP for images and BERT for titles, and a fusion that is yet to be trained.',
    )
    .requiredOption(
      '--text <source>',
      'a text encoder of the BERT family: its folder (config.json, model.safetensors, tokenizer.json or vocab.txt), or hf:owner/name[@revision]',
    )
    .option(
      '--vision <source>',
      "CLIP's image encoder: its folder, a safetensors file of OpenAI or open_clip, or hf:owner/name[@revision] (default: one of the size, drawn)",
    )
    .requiredOption('--out <dir>', 'model folder to write: new or empty')
    .addOption(
      new Option('--size <name>', "of the fusion: tiny, small or base, which is the paper's (default: base)").argParser(
        choice(['tiny', 'small', 'base']),
      ),
    )
    .addOption(presetOption())
    .option(
      '--image-size <n>',
      "side of the images (default: the checkpoint's): for another one the positions are interpolated",
      wholeNumber(1),
    )
    .option('--max-length <n>', 'most tokens of a title (default: that of the size)', wholeNumber(2))
    .addOption(
      new Option(
        '--activation <name>',
        "of weights without a configuration: quickGelu (OpenAI's own) or gelu (most of open_clip's)",
      ).argParser(choice(['quickGelu', 'gelu'])),
    )
    .option('--seed <n>', 'of what is drawn (default: 7)', wholeNumber(0))
    .addHelpText(
      'after',
      `\nThe text encoder is needed in any case: its tokenizer comes with it, and without one there are no titles.\nOnly a source hf:owner/name is fetched, from Hugging Face or HF_ENDPOINT, with HF_TOKEN where it is set.\n${examples(
        'uniecs import --vision clip-vit-base-patch16 --text bert-base-uncased --out pretrained',
        'uniecs import --vision hf:openai/clip-vit-base-patch16 --text hf:google-bert/bert-base-uncased --out pretrained',
        'uniecs train --init pretrained --train train.jsonl --val val.jsonl --out model --freeze encoders',
      )}`,
    )
    .action((flags: ImportFlags) => action(flags));
}
