import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { UniecsError } from '@uniecs/tensor';
import { badEmbeddings, unreadable } from './embeddings-error.js';

/**
 * The ids of the rows of a file that holds numbers alone, from a file beside it: `NAME.ids.json`, `NAME.ids.txt`, `ids.json` or
 * `ids.txt`, the first that is there. JSON is a list of texts or whole numbers; text has an id a line.
 *
 * @param name what the file's own name begins with
 * @throws UniecsError `file` where none of them is there, `data` for one that is no such list
 */
export async function readIdsBeside(path: string, name: string): Promise<string[]> {
  const folder = dirname(path);
  const names = [...(name === '' ? [] : [`${name}.ids.json`, `${name}.ids.txt`]), 'ids.json', 'ids.txt'];
  for (const file of names) {
    const ids = await readIds(join(folder, file));
    if (ids) return ids;
  }
  throw new UniecsError({
    code: 'file',
    where: 'readEmbeddings',
    expected: `the ids of the rows of ${basename(path)} in a file beside it (${names.join(', ')})`,
    got: 'none of these',
    hint: 'write the ids in the order of the rows, one a line',
    details: { path },
  });
}

/**
 * A list of ids out of JSON.
 *
 * @param name of what holds it, for the error
 * @throws UniecsError `data`
 */
export function parseIds(text: string, name: string): string[] {
  const bad = (got: string) => badEmbeddings(`${name} to be a JSON list of ids`, got, 'write texts or whole numbers');
  let list: unknown;
  try {
    list = JSON.parse(text);
  } catch (error) {
    throw bad(error instanceof Error ? error.message : String(error));
  }
  if (!Array.isArray(list)) throw bad(typeof list);
  return list.map((id: unknown, i) => {
    if (typeof id === 'string' && id.trim() !== '') return id;
    if (Number.isSafeInteger(id)) return String(id);
    throw bad(`${JSON.stringify(id)} at place ${i}`);
  });
}

/** The ids of a file, or nothing where there is no such file. */
async function readIds(path: string): Promise<string[] | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw unreadable(path, 'list of ids', cause);
  }
  if (path.endsWith('.json')) return parseIds(text, path);
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  const blank = lines.findIndex((line) => line.trim() === '');
  if (blank >= 0) throw badEmbeddings(`an id in each line of ${path}`, `line ${blank + 1} blank`, 'take it out');
  return lines;
}
