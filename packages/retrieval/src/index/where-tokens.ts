import { whereError } from './where-error.js';

/** The words of the language, in any case; a field of such a name is written in backquotes. */
const keywords = ['and', 'or', 'not', 'in', 'is', 'null', 'true', 'false'] as const;
export type Keyword = (typeof keywords)[number];

const symbols = ['<=', '>=', '<>', '!=', '==', '=', '<', '>', '(', ')', ','] as const;
export type Punctuation = (typeof symbols)[number];

/** A token: `at` is where it starts, `source` what is written there. */
export type Token = { readonly at: number; readonly source: string } & (
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'keyword'; readonly keyword: Keyword }
  | { readonly kind: 'text'; readonly value: string }
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'symbol'; readonly symbol: Punctuation }
  | { readonly kind: 'end' }
);

const space = /\s+/uy;
const word = /[\p{L}_][\p{L}\p{M}\p{N}_]*/uy;
const number = /[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?/y;
const wordAfterNumber = /[\p{L}\p{N}_.]+/uy;

const escapes: Readonly<Record<string, string>> = {
  '\\': '\\',
  "'": "'",
  '"': '"',
  n: '\n',
  r: '\r',
  t: '\t',
};

/**
 * The tokens of a filter, the last of them `end`. Text stands in single or double quotes, `'it''s'` or `'it\'s'`, with the escapes
 * `\\ \' \" \n \r \t \u1234`; a field is a word, or anything in backquotes (a backquote doubled).
 *
 * @throws UniecsError `argument` for a character that starts no token, an open quote, an unknown escape, a number too large
 */
export function whereTokens(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;

  function match(pattern: RegExp, from = at): string | undefined {
    pattern.lastIndex = from;
    return pattern.exec(text)?.[0];
  }

  function quoted(quote: string): { value: string; end: number } {
    let value = '';
    for (let i = at + 1; i < text.length; i++) {
      const character = text[i] as string;
      if (character === quote) {
        if (text[i + 1] !== quote) return { value, end: i + 1 };
        value += quote;
        i++;
      } else if (character === '\\' && quote !== '`') {
        const { value: escaped, length } = escapeAt(i);
        value += escaped;
        i += length - 1;
      } else {
        value += character;
      }
    }
    throw whereError(text, at, `a closing ${quote}`, 'the end of the filter', 'this quote is not closed');
  }

  function escapeAt(backslash: number): { value: string; length: number } {
    const letter = text[backslash + 1];
    const plain = letter === undefined ? undefined : escapes[letter];
    if (plain !== undefined) return { value: plain, length: 2 };
    const code = match(/u[0-9a-fA-F]{4}/y, backslash + 1);
    if (code !== undefined) return { value: String.fromCharCode(Number.parseInt(code.slice(1), 16)), length: 6 };
    throw whereError(
      text,
      backslash,
      String.raw`one of \\ \' \" \n \r \t \u1234`,
      `'${text.slice(backslash, backslash + 2)}'`,
      'write a backslash twice',
    );
  }

  for (;;) {
    at += match(space)?.length ?? 0;
    if (at >= text.length) {
      tokens.push({ kind: 'end', at: text.length, source: '' });
      return tokens;
    }
    const character = text[at] as string;
    let token: Token;
    const digits = match(number);
    const name = match(word);
    if (digits !== undefined) {
      token = { kind: 'number', value: numberValue(digits), at, source: digits };
    } else if (name !== undefined) {
      const keyword = keywords.find((other) => other === name.toLowerCase());
      token = keyword ? { kind: 'keyword', keyword, at, source: name } : { kind: 'name', name, at, source: name };
    } else if (character === "'" || character === '"' || character === '`') {
      const { value, end } = quoted(character);
      const source = text.slice(at, end);
      token = character === '`' ? { kind: 'name', name: value, at, source } : { kind: 'text', value, at, source };
    } else {
      const symbol = symbols.find((other) => text.startsWith(other, at));
      if (symbol === undefined) {
        const got = `'${String.fromCodePoint(text.codePointAt(at) as number)}'`;
        throw whereError(text, at, 'a field, a value or an operator', got, 'join conditions with and, or, not');
      }
      token = { kind: 'symbol', symbol, at, source: symbol };
    }
    tokens.push(token);
    at += token.source.length;
  }

  function numberValue(digits: string): number {
    const rest = match(wordAfterNumber, at + digits.length);
    if (rest !== undefined) {
      throw whereError(text, at, 'a number', `'${digits}${rest}'`, 'put text in quotes and such a field in backquotes');
    }
    const value = Number(digits);
    if (!Number.isFinite(value)) throw whereError(text, at, 'a number below 1.8e308', digits);
    return value === 0 ? 0 : value;
  }
}
