import { readFileSync } from 'node:fs';
import { seededRandom } from '@uniecs/tensor';
import { describe, expect, it } from 'vitest';
import { loadTokenizer } from './load-tokenizer.js';
import { trainTokenizer } from './train-tokenizer.js';

const fixture = (name: string) => JSON.parse(readFileSync(new URL(`./fixtures/${name}.json`, import.meta.url), 'utf8'));
const titles = fixture('titles') as string[];
const vocabulary = (json: ReturnType<typeof trainTokenizer>) =>
  Object.entries(json.model.vocab)
    .sort(([, a], [, b]) => a - b)
    .map(([piece]) => piece);

describe('trainTokenizer', () => {
  it('makes the file that the reference ids were made with', () => {
    expect(trainTokenizer(titles)).toEqual(fixture('tokenizer'));
  });

  it('does not depend on the order of the titles', () => {
    const order = [...seededRandom('order').permutation(titles.length)];
    expect(JSON.stringify(trainTokenizer(order.map((i) => titles[i] as string)))).toBe(
      JSON.stringify(trainTokenizer(titles)),
    );
  });

  it('orders special tokens, characters, words by frequency, then the pieces that most words share', () => {
    const made = vocabulary(trainTokenizer(['bab bab bab', 'ab ab abc', 'babc abd'], { subwords: 2 }));
    // Words: bab 3, ab 2, abc, babc and abd 1; c is seen twice, d once. Of the pairs, a##b and ##a##b open the merging.
    expect(made).toEqual(['[PAD]', '[UNK]', '[CLS]', '[SEP]', 'a', 'b', 'c', '##a', '##b', '##c', 'bab', 'ab', '##ab']);
  });

  it('ids are 0 to size - 1 without a gap, and no piece twice', () => {
    const ids = Object.values(trainTokenizer(titles).model.vocab).sort((a, b) => a - b);
    expect(ids).toEqual(ids.map((_, i) => i));
  });

  it('an unseen word of known characters is pieces, one of an unknown character [UNK]', () => {
    const { ids } = loadTokenizer(trainTokenizer(titles)).encodeBatch(['pumarun', 'puma@'], 16);
    expect([...ids.subarray(1, 3)].every((id) => id > 3)).toBe(true);
    expect([...ids.subarray(16, 20)]).toEqual([2, expect.any(Number), 1, 3]);
  });

  it('keeps to vocabularySize, dropping the rarest words first', () => {
    const full = vocabulary(trainTokenizer(titles, { subwords: 0 }));
    for (const drop of [0, 1, 5]) {
      const made = vocabulary(trainTokenizer(titles, { vocabularySize: full.length - drop, subwords: 0 }));
      expect(made).toEqual(full.slice(0, full.length - drop));
    }
  });

  it('survives titles of nothing but odd characters', () => {
    const odd = ['\u0000\u200b', '😀 😀', '\ud83d', '漢字 漢字', 'x'.repeat(101)];
    expect(vocabulary(trainTokenizer(odd, { minFrequency: 1 })).slice(4)).toEqual(['字', '漢', '😀'].sort());
  });

  it('says what is wrong with the titles or an option', () => {
    expect(() => trainTokenizer([' ', ''])).toThrow(/expected titles with at least one word, got none/);
    expect(() => trainTokenizer(titles, { minFrequency: 0 })).toThrow(/minFrequency .* got 0/);
    expect(() => trainTokenizer(titles, { vocabularySize: 10 })).toThrow(/vocabularySize of at least \d+ .* got 10/);
  });
});
