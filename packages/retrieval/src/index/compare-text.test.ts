import { describe, expect, it } from 'vitest';
import { compareText } from './compare-text.js';

describe('compareText', () => {
  it('orders as the bytes of UTF-8 do', () => {
    const texts = [
      '',
      'a',
      'ab',
      'b',
      'é',
      'z',
      '\ud7ff',
      '\ue000',
      '\uff01',
      '\u{10000}',
      '😀',
      '😀a',
      '\u{10ffff}',
      'a\0',
    ];
    for (const a of texts) {
      for (const b of texts) {
        expect([a, b, Math.sign(compareText(a, b))]).toEqual([a, b, Buffer.compare(Buffer.from(a), Buffer.from(b))]);
      }
    }
  });
});
