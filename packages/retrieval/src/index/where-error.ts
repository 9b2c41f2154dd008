import { UniecsError } from '@uniecs/tensor';

/** Characters shown on either side of a fault. */
const shownAround = 40;
const wide = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\u3000-\u303f\uff01-\uff60\p{Emoji_Presentation}]/u;

/** The error for a fault in a filter: what was expected at which character, and the place marked with a caret. */
export function whereError(text: string, at: number, expected: string, got: string, advice?: string): UniecsError {
  const character = [...text.slice(0, at)].length + 1;
  const hint = `${advice === undefined ? '' : `${advice}; `}at character ${character} of the filter\n${mark(text, at)}`;
  return new UniecsError({
    code: 'argument',
    where: 'where',
    expected,
    got,
    hint,
    details: { filter: text, position: at },
  });
}

function mark(text: string, at: number): string {
  const before = [...text.slice(0, at)];
  const after = [...text.slice(at)];
  const left = oneLine((before.length > shownAround ? ['…', ...before.slice(-shownAround)] : before).join(''));
  const right = oneLine(after.length > shownAround ? `${after.slice(0, shownAround).join('')}…` : after.join(''));
  const indent = Array.from(left, (character) => (wide.test(character) ? '  ' : ' ')).join('');
  return `  ${left}${right}\n  ${indent}^`;
}

function oneLine(text: string): string {
  return text.replace(/\p{Cc}/gu, ' ');
}
