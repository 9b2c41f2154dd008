/**
 * Finds what `JSON.parse` swallows or a hostile file may hold: a name twice in one object (the last would win), and nesting
 * deeper than `maxDepth`. Any other fault is left to `JSON.parse`.
 *
 * @returns a clause that says what is wrong, or undefined
 */
export function findJsonFlaw(text: string, maxDepth: number): string | undefined {
  const open: Set<string>[] = [];
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (character === '{' || character === '[') {
      if (open.length === maxDepth) return `nesting deeper than ${maxDepth}`;
      open.push(new Set());
    } else if (character === '}' || character === ']') {
      open.pop();
    } else if (character === '"') {
      const end = closingQuote(text, i);
      if (isName(text, end + 1)) {
        const name = unquote(text.slice(i, end + 1));
        const names = open.at(-1);
        if (names?.has(name)) return `the name ${JSON.stringify(name)} twice`;
        names?.add(name);
      }
      i = end;
    }
  }
  return undefined;
}

function closingQuote(text: string, start: number): number {
  let i = start + 1;
  while (i < text.length && text[i] !== '"') i += text[i] === '\\' ? 2 : 1;
  return i;
}

function isName(text: string, start: number): boolean {
  let i = start;
  while (i < text.length && ' \t\n\r'.includes(text[i] as string)) i++;
  return text[i] === ':';
}

function unquote(quoted: string): string {
  try {
    return JSON.parse(quoted);
  } catch {
    // Not valid JSON; JSON.parse of the whole text will say so.
    return quoted;
  }
}
