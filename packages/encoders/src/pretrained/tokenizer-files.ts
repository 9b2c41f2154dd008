import { join } from 'node:path';
import { loadTokenizer } from '../tokenizer/load-tokenizer.js';
import { checkpointError } from './checkpoint-error.js';
import { type CheckpointFolder, isRecord } from './checkpoint-folder.js';
import { configValues } from './config-values.js';

/** A checkpoint's tokenizer as the content of a `tokenizer.json`, and where it is from. */
export interface ReadTokenizer {
  readonly json: object;
  readonly vocabularySize: number;
  readonly from: string;
}

const mostBytes = 100e6;

/** The names that BERT gives its special tokens, and the settings that may name them otherwise. */
const special = {
  pad_token: '[PAD]',
  unk_token: '[UNK]',
  cls_token: '[CLS]',
  sep_token: '[SEP]',
  mask_token: '[MASK]',
} as const;

/**
 * The tokenizer of a checkpoint of the BERT family: its `tokenizer.json`, or one made of `vocab.txt` (a token a line, its id the number of
 * the line from 0) and of what `tokenizer_config.json` says about lower case, accents and Chinese characters.
 *
 * @throws UniecsError `file` where there is neither; `data` for one that is no BERT's; `unsupported` for special tokens of other names
 */
export async function readTokenizerFiles(folder: CheckpointFolder): Promise<ReadTokenizer> {
  const whole = await folder.json('tokenizer.json', mostBytes);
  if (whole) return checked(whole, join(folder.path, 'tokenizer.json'));
  const vocabulary = await folder.text('vocab.txt', mostBytes);
  if (vocabulary === undefined) {
    throw checkpointError('file', folder.path, {
      expected: `a tokenizer.json or vocab.txt in ${folder.path}`,
      got: 'neither',
      hint: 'put the tokenizer of the checkpoint beside its weights',
    });
  }
  return checked(await fromVocabulary(folder, vocabulary), join(folder.path, 'vocab.txt'));
}

/** `loadTokenizer` says what is wrong without the file. */
function checked(json: object, path: string): ReadTokenizer {
  try {
    return { json, vocabularySize: loadTokenizer(json).vocabularySize, from: path };
  } catch (cause) {
    throw checkpointError('data', path, {
      expected: `${path} to be a tokenizer of the BERT family`,
      got: cause instanceof Error ? cause.message : String(cause),
      hint: 'put the tokenizer of the checkpoint there',
      cause,
    });
  }
}

async function fromVocabulary(folder: CheckpointFolder, text: string): Promise<object> {
  const settings = (await folder.json('tokenizer_config.json')) ?? {};
  const path = join(folder.path, 'tokenizer_config.json');
  for (const [name, token] of Object.entries(special)) {
    const named = contentOf(settings[name]);
    if (named === undefined || named === token) continue;
    throw checkpointError('unsupported', path, {
      expected: `${name} to be ${token}`,
      got: JSON.stringify(named),
      hint: 'save the tokenizer as tokenizer.json, with these names',
    });
  }
  const { flag } = configValues(settings, path);
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  const ids = new Map(lines.map((line, id) => [line.trimEnd(), id]));
  const added = Object.values(special).flatMap((content) => {
    const id = ids.get(content);
    const form = { single_word: false, lstrip: false, rstrip: false, normalized: false, special: true };
    return id === undefined ? [] : [{ id, content, ...form }];
  });
  const idOf = (token: string) => ({ id: token, ids: [ids.get(token)], tokens: [token] });
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: added,
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: flag('tokenize_chinese_chars', true),
      // Null: as lower case says.
      strip_accents: settings.strip_accents === undefined ? null : settings.strip_accents,
      lowercase: flag('do_lower_case', true),
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single: [
        { SpecialToken: { id: special.cls_token, type_id: 0 } },
        { Sequence: { id: 'A', type_id: 0 } },
        { SpecialToken: { id: special.sep_token, type_id: 0 } },
      ],
      pair: [],
      special_tokens: { [special.cls_token]: idOf(special.cls_token), [special.sep_token]: idOf(special.sep_token) },
    },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: special.unk_token,
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(ids),
    },
  };
}

/** A token's text: settings hold it as such or in an object. */
function contentOf(value: unknown): unknown {
  if (value === undefined || value === null) return undefined;
  return isRecord(value) ? value.content : value;
}
