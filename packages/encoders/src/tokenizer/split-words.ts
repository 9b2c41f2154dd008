import { BertNormalizer, BertPreTokenizer } from '@huggingface/tokenizers';

/** BERT's uncased normaliser: control characters out, Chinese characters apart, lower case, accents stripped. */
export const normalizerConfig = {
  type: 'BertNormalizer',
  clean_text: true,
  handle_chinese_chars: true,
  strip_accents: true,
  lowercase: true,
} as const;

/** BERT's splitter: at white space, and each punctuation character by itself. */
export const preTokenizerConfig = { type: 'BertPreTokenizer' } as const;

/** Chinese characters beyond 16 bits (extensions B to E and the compatibility supplement, BERT's list). */
const wideChineseCharacters = /[\u{20000}-\u{2a6df}\u{2a700}-\u{2b81f}\u{2b920}-\u{2ceaf}\u{2f800}-\u{2fa1f}]/gu;

/** What of a BERT normaliser's settings matters to `prepareText`. */
export interface NormalizerForm {
  readonly handle_chinese_chars?: unknown;
  readonly lowercase?: unknown;
}

/**
 * Prepares a text so that `@huggingface/tokenizers` gives the ids of the reference implementation (Python's `tokenizers`):
 * the JavaScript one does not set Chinese characters beyond 16 bits apart, and lower-cases a final capital sigma to another
 * letter than the reference does. What the reference gives for a text does not change by this.
 *
 * @param form of the normaliser that the text goes to; default `normalizerConfig`
 */
export function prepareText(text: string, form: NormalizerForm = normalizerConfig): string {
  const apart = form.handle_chinese_chars === true ? text.replace(wideChineseCharacters, ' $& ') : text;
  return form.lowercase === true ? apart.replaceAll('Σ', 'σ') : apart;
}

const normalizer = new BertNormalizer(normalizerConfig);
const preTokenizer = new BertPreTokenizer();

/** The words of a text as BERT's uncased tokenizer sees them, before they are cut into pieces. */
export function splitWords(text: string): string[] {
  return preTokenizer.pre_tokenize_text(normalizer.normalize(prepareText(text)), {});
}
