const [quote, backslash, comma, colon] = [34, 92, 44, 58];
const [open, close, openList, closeList] = [123, 125, 91, 93];

/**
 * The first key that an object names twice, which `JSON.parse` would take the last value of; keys of what is inside it are not looked at.
 *
 * @param text sound JSON of an object
 */
export function repeatedKey(text: string): string | undefined {
  const seen = new Set<string>();
  let depth = 0;
  let key: string | undefined;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === quote) {
      const end = endOfString(text, i);
      if (depth === 1) key = text.slice(i, end);
      i = end - 1;
    } else if (code === open || code === openList) depth++;
    else if (code === close || code === closeList) depth--;
    else if (code === colon && depth === 1 && key !== undefined) {
      const name = key.includes('\\') ? (JSON.parse(key) as string) : key.slice(1, -1);
      if (seen.has(name)) return name;
      seen.add(name);
    } else if (code === comma) key = undefined;
  }
  return undefined;
}

/** The place after the quote that ends a string. */
function endOfString(text: string, start: number): number {
  let end = start + 1;
  while (text.charCodeAt(end) !== quote) end += text.charCodeAt(end) === backslash ? 2 : 1;
  return end + 1;
}
