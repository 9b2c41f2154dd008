import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { Tokenizer } from '@huggingface/tokenizers';
import { seededRandom, UniecsError } from '@uniecs/tensor';
import { describe, expect, it } from 'vitest';
import { loadTokenizer } from './load-tokenizer.js';
import { trainTokenizer } from './train-tokenizer.js';

const fixture = (name: string) => JSON.parse(readFileSync(new URL(`./fixtures/${name}.json`, import.meta.url), 'utf8'));
const trainFile = new URL('../../../../../shared/data/myntra/train.jsonl', import.meta.url);

/** The ids of each title without its padding. */
function idsOf(
  tokenizer: ReturnType<typeof loadTokenizer>,
  titles: (string | undefined)[],
  maxLength: number,
): number[][] {
  const { ids, mask } = tokenizer.encodeBatch(titles, maxLength);
  return titles.map((_, row) => {
    const [from, to] = [row * maxLength, (row + 1) * maxLength];
    return [...ids.subarray(from, to)].filter((_, i) => mask[from + i] === 1);
  });
}

/** Titles of known words, unknown words, Chinese, emoji, control characters, accents and half surrogates. */
function randomTitle(seed: string): string {
  const random = seededRandom(seed);
  const parts = [
    'Puma',
    'RED',
    'running',
    'zebra',
    '红色',
    '裙',
    '👗',
    '👨‍👩‍👧',
    '\u0000',
    '\u200b',
    'é',
    'e\u0301',
    '\ud83d',
    '𠀀',
    '[SEP]',
  ];
  return Array.from({ length: random.integer(12) }, () => {
    const other = String.fromCodePoint(random.integer(0xd800));
    return (
      (random.uniform() < 0.3 ? other : (parts[random.integer(parts.length)] as string)) +
      (random.uniform() < 0.6 ? ' ' : '')
    );
  }).join('');
}

describe('loadTokenizer', () => {
  const tokenizer = loadTokenizer(fixture('tokenizer'));

  it("gives the ids of Python's tokenizers, for Chinese, emoji and control characters too", () => {
    const texts = fixture('texts') as string[];
    expect(idsOf(tokenizer, texts, 128)).toEqual(fixture('ids'));
  });

  it('every row is [CLS], pieces, [SEP], padding, with ids of the vocabulary, whatever the title', () => {
    for (let i = 0; i < 300; i++) {
      const maxLength = 2 + (i % 9);
      const { ids, mask } = tokenizer.encodeBatch([randomTitle(`any ${i}`)], maxLength);
      const count = mask.reduce((a, b) => a + b, 0);
      expect([...mask]).toEqual(Array.from({ length: maxLength }, (_, place) => (place < count ? 1 : 0)));
      expect(ids[0]).toBe(2);
      expect(ids[count - 1]).toBe(3);
      expect([...ids.subarray(count)].every((id) => id === 0)).toBe(true);
      expect([...ids].every((id) => id >= 0 && id < tokenizer.vocabularySize)).toBe(true);
    }
  });

  it('a cut title is the start of the whole one, with its [SEP]', () => {
    for (let i = 0; i < 50; i++) {
      const title = randomTitle(`cut ${i}`);
      const [whole] = idsOf(tokenizer, [title], 512) as [number[]];
      for (const maxLength of [2, 3, 7]) {
        const [cut] = idsOf(tokenizer, [title], maxLength) as [number[]];
        expect(cut).toEqual(whole.length <= maxLength ? whole : [...whole.slice(0, maxLength - 1), 3]);
      }
    }
  });

  it("a title's ids do not depend on its batch mates", () => {
    const titles = Array.from({ length: 20 }, (_, i) => randomTitle(`mates ${i}`));
    expect(idsOf(tokenizer, titles, 16)).toEqual(titles.flatMap((title) => idsOf(tokenizer, [title], 16)));
  });

  it('known words survive a round trip through @huggingface/tokenizers, in lower case', () => {
    const plain = new Tokenizer(fixture('tokenizer'), {});
    const title = 'puma women black running shoes';
    const [ids] = idsOf(tokenizer, [title.toUpperCase()], 16) as [number[]];
    expect(plain.encode(title).ids).toEqual(ids);
    expect(plain.decode(ids, { skip_special_tokens: true })).toBe(title);
  });

  it('a missing title is padding, an empty one [CLS] [SEP]', () => {
    const { ids, mask } = tokenizer.encodeBatch([undefined, ''], 3);
    expect([...ids]).toEqual([0, 0, 0, 2, 3, 0]);
    expect([...mask]).toEqual([0, 0, 0, 1, 1, 0]);
  });

  it.each([
    ['an empty object', {}],
    [
      'a model without special tokens',
      {
        ...fixture('tokenizer'),
        added_tokens: [],
        model: { type: 'WordPiece', unk_token: '[UNK]', vocab: { '[UNK]': 0 } },
      },
    ],
    ['a model of no known type', { ...fixture('tokenizer'), model: { type: 'Nothing' } }],
  ])('refuses %s as data', (_, json) => {
    expect(() => loadTokenizer(json)).toThrow(UniecsError);
    expect(() => loadTokenizer(json)).toThrow(/loadTokenizer: expected the content of a tokenizer.json/);
  });

  it('refuses a maxLength without room for [CLS] and [SEP]', () => {
    expect(() => tokenizer.encodeBatch(['a'], 1)).toThrow(/encodeBatch: expected maxLength .* got 1/);
  });

  it.skipIf(!existsSync(trainFile))(
    "gives Python's ids for the 18,000 real titles of the training pairs",
    () => {
      const titles = readFileSync(trainFile, 'utf8')
        .trim()
        .split('\n')
        .flatMap((line) => {
          const pair = JSON.parse(line);
          return [pair.item_title_1, pair.item_title_2] as string[];
        });
      const real = loadTokenizer(trainTokenizer(titles));
      expect(real.vocabularySize).toBe(2863);
      const { ids } = real.encodeBatch(titles, 16);
      // Of the ids, int32 little-endian, that tokenizers 0.23.3 gave for the same file with truncation and padding to 16.
      const digest = createHash('sha256').update(new Uint8Array(ids.buffer)).digest('hex');
      expect(digest).toBe('fbdfb2e1b90b33f06c8f5ed23ba1ce934feea5322c3e9fe1a7ee334cb6612597');
    },
    30_000,
  );
});
