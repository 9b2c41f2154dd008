import { Tokenizer as HuggingFaceTokenizer } from '@huggingface/tokenizers';
import { UniecsError } from '@uniecs/tensor';
import { type NormalizerForm, prepareText } from './split-words.js';

/** A batch of titles as BERT takes them, row-major [B, L]. */
export interface EncodedTitles {
  /** Token ids, `[CLS]` first, `[SEP]` last, then `[PAD]`. */
  readonly ids: Int32Array;
  /** 1 for a token, 0 for padding. */
  readonly mask: Float32Array;
}

/** A tokenizer ready to encode titles. */
export interface TitleTokenizer {
  /** One more than the largest id: the rows that a table of embeddings needs. */
  readonly vocabularySize: number;
  /**
   * Encodes titles to `maxLength` tokens each: a longer one is cut and keeps its `[SEP]`. A missing title (undefined) is a row
   * of padding with an empty mask; an empty one is `[CLS] [SEP]`.
   *
   * @throws UniecsError `argument` when maxLength is below 2
   */
  encodeBatch(titles: readonly (string | undefined)[], maxLength: number): EncodedTitles;
}

/**
 * Loads a tokenizer in the format of `tokenizer.json`, one of `trainTokenizer` or of a BERT checkpoint. Ids are those that
 * Python's `tokenizers` gives (checked on real titles, Chinese, emoji and control characters; characters that are newer than
 * its Unicode tables may differ).
 *
 * @param json the parsed content of the file
 * @throws UniecsError `data` when it is not such a file or lacks `[PAD]`, `[CLS]` or `[SEP]`
 */
export function loadTokenizer(json: object): TitleTokenizer {
  const tokenizer = construct(json);
  const [pad, start, end] = ['[PAD]', '[CLS]', '[SEP]'].map((token) => {
    const id = tokenizer.token_to_id(token);
    if (id === undefined) throw notATokenizer(`no ${token} among the tokens`);
    return id;
  }) as [number, number, number];
  const { normalizer } = json as { readonly normalizer?: NormalizerForm | null };
  const prepared = (title: string) => (normalizer ? prepareText(title, normalizer) : title);
  const vocabularySize = [...tokenizer.get_vocab().values()].reduce((most, id) => Math.max(most, id + 1), 0);

  function encodeBatch(titles: readonly (string | undefined)[], maxLength: number): EncodedTitles {
    if (!Number.isInteger(maxLength) || maxLength < 2) {
      throw new UniecsError({
        code: 'argument',
        where: 'encodeBatch',
        expected: 'maxLength to be a whole number of at least 2, for [CLS] and [SEP]',
        got: `${maxLength}`,
        hint: "pass the text encoder's maxLength",
      });
    }
    const ids = new Int32Array(titles.length * maxLength).fill(pad);
    const mask = new Float32Array(titles.length * maxLength);
    titles.forEach((title, row) => {
      if (title === undefined) return;
      const pieces = tokenizer.encode(prepared(title), { add_special_tokens: false }).ids.slice(0, maxLength - 2);
      const tokens = [start, ...pieces, end];
      ids.set(tokens, row * maxLength);
      mask.fill(1, row * maxLength, row * maxLength + tokens.length);
    });
    return { ids, mask };
  }
  return { vocabularySize, encodeBatch };
}

function construct(json: object): HuggingFaceTokenizer {
  try {
    return new HuggingFaceTokenizer(json, { tokenizer_class: 'BertTokenizer' });
  } catch (cause) {
    throw notATokenizer(cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function notATokenizer(reason: string, cause?: unknown): UniecsError {
  return new UniecsError({
    code: 'data',
    where: 'loadTokenizer',
    expected: 'the content of a tokenizer.json of the BERT family',
    got: `something else (${reason})`,
    hint: 'pass the parsed file that trainTokenizer made or a BERT checkpoint brought',
    cause,
  });
}
