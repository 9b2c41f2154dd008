import { readFile } from 'node:fs/promises';
import type { GivenSettings } from '@uniecs/retrieval';
import { UniecsError } from '@uniecs/tensor';
import { isNode, LineCounter, parseDocument } from 'yaml';
import { schemaProblems } from './schema-problems.js';
import { settingsSchema } from './settings-schema.js';

/**
 * Reads a file of settings (YAML): any setting of a training run by the name it has in a model's `config.json`.
 *
 * @throws UniecsError `file` where it cannot be read; `data` where it is no YAML, has an unknown key (the nearest one is named), a value
 *   of another type or out of range, or both `epochs` and `steps`: every problem with file, line and path
 */
export async function readSettings(file: string): Promise<GivenSettings> {
  const text = await readFile(file, 'utf8').catch((cause: Error) => {
    throw new UniecsError({
      code: 'file',
      where: 'readSettings',
      expected: `to read the settings ${file}`,
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
      document.errors.map(({ message, pos }) => {
        const { line } = counter.linePos(pos[0]);
        return `${file}:${line}: ${message.split('\n', 1)[0]?.replace(/ at line \d+, column \d+:?$/, '')}`;
      }),
    );
  }
  const value: unknown = document.toJS() ?? {};
  const problems = schemaProblems(settingsSchema, value).map(({ path, reason }) => {
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
  const { epochs, steps } = value as GivenSettings;
  if (problems.length === 0 && epochs !== undefined && steps !== undefined) {
    problems.push(`${file}: epochs and steps: expected one of them, got both`);
  }
  if (problems.length > 0) throw faults(file, problems);
  return value as GivenSettings;
}

function faults(file: string, list: readonly string[]): UniecsError {
  return new UniecsError({
    code: 'data',
    where: 'readSettings',
    expected: `settings in ${file}`,
    got: list.length === 1 ? 'a problem' : `${list.length} problems`,
    hint: 'correct the file; nothing was started',
    details: { file, list },
  });
}
