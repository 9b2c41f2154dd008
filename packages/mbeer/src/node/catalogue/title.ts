import type { Random } from '@uniecs/tensor';
import { pick, type Style } from './product.js';
import { brands, type NamedColour } from './vocabulary.js';

/**
 * A title as shops write them: the maker, then most of audience, line, colour and pattern in a varying order, then the kind, with
 * varying words for colour, pattern and kind.
 */
export function variedTitle(style: Style, colour: NamedColour, random: Random): string {
  const { audience, line, pattern, kind } = style;
  const said = random.uniform() < 0.85 ? audience : '';
  const named = line !== undefined && random.uniform() < 0.9 ? line : '';
  const hue = random.uniform() < 0.92 ? pick(colour.words, random) : '';
  const cloth = pick(pattern.words, random);
  const middle = random.uniform() < 0.5 ? [hue, cloth] : [cloth, hue];
  const order = random.uniform() < 0.7 ? [said, named, ...middle] : [named, said, ...middle];
  return [brands[style.brand], ...order, pick(kind.words, random)].filter((word) => word !== '').join(' ');
}

/** A title that leaves nothing out and varies in the order alone, so that it names its style and no other. */
export function fullTitle(style: Style, colour: NamedColour, random: Random): string {
  const { audience, line, pattern, kind } = style;
  const hue = colour.words[0] ?? '';
  const cloth = pattern.words.at(-1) ?? '';
  const middle = random.uniform() < 0.5 ? [hue, cloth] : [cloth, hue];
  return [brands[style.brand], audience, ...(line === undefined ? [] : [line]), ...middle, kind.words[0]].join(' ');
}
