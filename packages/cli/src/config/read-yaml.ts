import { readFile } from 'node:fs/promises';
import { UniecsError } from '@uniecs/tensor';
import { isNode, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { schemaProblems } from './schema-problems.js';

/** How a YAML file is read. */
export interface YamlContent<T> {
  /** What is in it, for errors: `settings`. */
  readonly what: string;
  readonly schema: z.ZodType<T>;
  /** Problems that the schema cannot see, each with where and why; asked where it sees none. */
  readonly check?: (value: T) => readonly string[];
}

/**
 * Reads a YAML file of a known form.
 *
 * @throws UniecsError `file` where it cannot be read; `data` where it is no YAML, has an unknown key (the nearest one is named) or a value
 *   of another type or out of range: every problem with file, line and path
 */
export async function readYaml<T extends object>(file: string, { what, schema, check }: YamlContent<T>): Promise<T> {
  const text = await readFile(file, 'utf8').catch((cause: Error) => {
    throw new UniecsError({
      code: 'file',
      where: 'readYaml',
      expected: `to read the ${what} ${file}`,
      got: cause.message,
      hint: 'pass a YAML file',
      cause,
    });
  });
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter });
  if (document.errors.length > 0) {
    throw faults(
      file,
      what,
      document.errors.map(({ message, pos }) => {
        const { line } = counter.linePos(pos[0]);
        return `${file}:${line}: ${message.split('\n', 1)[0]?.replace(/ at line \d+, column \d+:?$/, '')}`;
      }),
    );
  }
  const value: unknown = document.toJS() ?? {};
  const problems = schemaProblems(schema, value).map(({ path, reason }) => {
    const place = [...path];
    let node = document.getIn(place, true);
    while (!isNode(node) && place.length > 0) {
      place.pop();
      node = document.getIn(place, true);
    }
    const start = isNode(node) ? node.range?.[0] : undefined;
    const line = counter.linePos(start ?? 0).line;
    return `${file}:${line}: ${path.length > 0 ? `${path.map(String).join('.')}: ` : ''}${reason}`;
  });
  if (problems.length === 0) problems.push(...(check?.(value as T) ?? []).map((problem) => `${file}: ${problem}`));
  if (problems.length > 0) throw faults(file, what, problems);
  return value as T;
}

function faults(file: string, what: string, list: readonly string[]): UniecsError {
  return new UniecsError({
    code: 'data',
    where: 'readYaml',
    expected: `${what} in ${file}`,
    got: list.length === 1 ? 'a problem' : `${list.length} problems`,
    hint: 'correct the file; nothing was started',
    details: { file, list },
  });
}
