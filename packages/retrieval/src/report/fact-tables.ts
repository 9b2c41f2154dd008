import { type Html, html } from './html.js';

/** JSON values as tables of their leaves, each behind its name; the first one stands open. Those without a leaf are left out. */
export function factTables(parts: readonly (readonly [name: string, value: object | undefined])[]): Html {
  return html`${parts.map(([name, value], i) => {
    const rows = value === undefined ? [] : flattened(value);
    if (rows.length === 0) return undefined;
    const lines = rows.map(
      ([key, text]) => html`<tr><th scope="row">${key}</th><td class="text">${text}</td></tr>
`,
    );
    return html`<details${i === 0 ? html` open` : undefined}><summary>${name}</summary><div class="scroll"><table><tbody>
${lines}</tbody></table></div></details>
`;
  })}`;
}

/** The leaves of a JSON value by their dotted paths; a list of plain values is one leaf. */
function flattened(value: object, at = ''): [string, string][] {
  return Object.entries(value).flatMap(([name, inner]): [string, string][] => {
    const path = at === '' ? name : `${at}.${name}`;
    if (inner === undefined) return [];
    if (Array.isArray(inner) && inner.every((x) => typeof x !== 'object')) return [[path, inner.join(', ') || 'none']];
    if (typeof inner === 'object' && inner !== null) {
      const leaves = flattened(inner, path);
      return leaves.length > 0 ? leaves : [[path, 'as the preset has it']];
    }
    return [[path, String(inner)]];
  });
}
