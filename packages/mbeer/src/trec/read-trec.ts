import { UniecsError } from '@uniecs/tensor';

/** What a system found: by query, the documents with their scores. */
export type Run = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** What is right: by query, the documents judged with their grades; those above 0 are relevant. */
export type Qrels = ReadonlyMap<string, ReadonlyMap<string, number>>;

/**
 * Reads a TREC run, `query Q0 document rank score tag` a line. The scores alone say the order, as in trec_eval.
 *
 * @param name the file's, for errors
 * @throws UniecsError `data` naming the line that has not these six fields, repeats a document of its query, or whose score is not finite
 */
export function parseRun(text: string, name: string): Run {
  return parse(text, name, 6, 4, 'query Q0 document rank score tag');
}

/**
 * Reads TREC judgements, `query 0 document grade` a line.
 *
 * @param name the file's, for errors
 * @throws UniecsError `data` naming the line that has not these four fields, repeats a document of its query, or whose grade is no number
 */
export function parseQrels(text: string, name: string): Qrels {
  return parse(text, name, 4, 3, 'query 0 document grade');
}

function parse(text: string, name: string, fields: number, at: number, form: string): Map<string, Map<string, number>> {
  const found = new Map<string, Map<string, number>>();
  for (const [i, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const parts = line.trim().split(/\s+/);
    const value = Number(parts[at]);
    if (parts.length !== fields || !Number.isFinite(value)) throw fault(name, i + 1, form, line.trim());
    const [query, , document] = parts as [string, string, string];
    const own = found.get(query) ?? new Map<string, number>();
    if (own.has(document)) throw fault(name, i + 1, `each document of query ${query} once`, `${document} again`);
    own.set(document, value);
    found.set(query, own);
  }
  return found;
}

function fault(name: string, line: number, expected: string, got: string): UniecsError {
  const shown = got.length > 120 ? `${got.slice(0, 120)}...` : got;
  return new UniecsError({
    code: 'data',
    where: 'readTrec',
    expected: `${name}:${line}: ${expected}`,
    got: shown,
    hint: 'fields are parted by blanks; scores and grades are finite numbers',
    details: { file: name, line },
  });
}
