/**
 * @typedef {{ specifier: string, name: string, path: string }} SymbolLink
 * @typedef {{ path: string, title: string }} TestLink
 * @typedef {{
 *   line: number, id: string, status: string, reason: string, symbols: SymbolLink[], tests: TestLink[],
 *   unread: string[] }} Row `unread` is what of a cell is neither a link of its form nor a dash
 * @typedef {{ line: number, cells: number }} Ragged
 */

/** The columns of every table of the page. */
export const COLUMNS = ['', 'what it says', 'in the code', 'test', 'status', 'how it differs, and why'];

const SYMBOL = /\[`(@uniecs\/[\w/-]+) (\w+)`\]\(([^)\s]+)\)/g;
const TEST = /\[`[\w.-]+\.test\.\w+`\]\(([^)\s]+)\): "([^"]+)"/g;

/**
 * The rows of the tables in a page whose header is `COLUMNS`, and the rows of another number of cells.
 * @param {string} text Markdown
 * @returns {{ rows: Row[], ragged: Ragged[] }}
 */
export function fidelityRows(text) {
  /** @type {Row[]} */
  const rows = [];
  /** @type {Ragged[]} */
  const ragged = [];
  let inside = false;
  text.split('\n').forEach((source, index) => {
    if (!source.startsWith('|')) {
      inside = false;
      return;
    }
    const cells = cellsOf(source);
    const line = index + 1;
    if (cells.slice(1).join('|') === COLUMNS.slice(1).join('|')) inside = true;
    else if (inside && !cells.every((cell) => /^:?-+:?$/.test(cell))) {
      if (cells.length === COLUMNS.length) rows.push(rowOf(cells, line));
      else ragged.push({ line, cells: cells.length });
    }
  });
  return { rows, ragged };
}

/**
 * @param {string} source a line of a table
 */
const cellsOf = (source) =>
  source
    .replace(/^\||\|\s*$/g, '')
    .split(/(?<!\\)\|/)
    .map((cell) => cell.trim());

/**
 * @param {string[]} cells
 * @param {number} line
 * @returns {Row}
 */
function rowOf(cells, line) {
  const [id, , code, test, status, reason] = /** @type {[string, string, string, string, string, string]} */ (cells);
  const symbols = [...code.matchAll(SYMBOL)].map(([, specifier, name, path]) => ({ specifier, name, path }));
  const tests = [...test.matchAll(TEST)].map(([, path, title]) => ({ path, title }));
  const unread = [code.replaceAll(SYMBOL, ''), test.replaceAll(TEST, '')].flatMap((rest) =>
    rest
      .split(',')
      .flatMap((part) => (part.replaceAll('<br>', '').trim().replace(/^-$/, '') === '' ? [] : [part.trim()])),
  );
  return {
    line,
    id,
    status,
    reason: reason === '-' ? '' : reason,
    symbols: /** @type {SymbolLink[]} */ (symbols),
    tests: /** @type {TestLink[]} */ (tests),
    unread,
  };
}
