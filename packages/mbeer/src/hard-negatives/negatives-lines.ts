import { UniecsError } from '@uniecs/tensor';
import type { Line } from '../line.js';

/** The first line of a file of hard negatives: what they were mined from, and how. */
export interface NegativesHeader {
  readonly format: 'uniecs hard negatives';
  readonly version: 1;
  /** The pairs that were mined: how many, and the digest of their content. */
  readonly pairs: { readonly pairs: number; readonly sha256: string };
  /** What gave the scores: the fingerprint of a model, or the hash of a file of embeddings. */
  readonly scoredBy: Readonly<Record<string, string>>;
  /** The rules, seed included, as they were given or by default. */
  readonly rules: Readonly<Record<string, string | number>>;
}

/** A pair, by its line in the pair file and the id of the item that is meant. */
export interface NegativeItem {
  readonly line: number;
  readonly id: string;
  readonly score: number;
  /** From 1, among the candidates of other products. */
  readonly rank: number;
}

/** The hard negatives of a query in a task. */
export interface QueryNegatives {
  readonly task: string;
  /** The pair's line in the pair file. */
  readonly line: number;
  /** Id of its item 1. */
  readonly query: string;
  /** Id of its item 2. */
  readonly positive: string;
  readonly positiveScore: number;
  readonly negatives: readonly NegativeItem[];
}

/** A file of hard negatives. */
export interface NegativesFile {
  readonly header: NegativesHeader;
  readonly queries: readonly QueryNegatives[];
}

const where = 'parseNegatives';

/** A header or a query as a line of the file, its end included. */
export function negativesLine(content: NegativesHeader | QueryNegatives): string {
  return `${JSON.stringify(content)}\n`;
}

/**
 * Reads the lines of a file of hard negatives.
 *
 * @param lines as `readLines` gives them
 * @param file its name, for errors
 * @throws UniecsError `data` naming file and line for anything else
 */
export async function parseNegatives(lines: AsyncIterable<readonly Line[]>, file: string): Promise<NegativesFile> {
  let header: NegativesHeader | undefined;
  const queries: QueryNegatives[] = [];
  const seen = new Set<string>();
  for await (const batch of lines) {
    for (const each of batch) {
      const fault = (got: string) => badLine(file, each.line, header === undefined, got);
      if ('reason' in each) throw fault(each.reason);
      const content = parsed(each.text, fault);
      if (header === undefined) {
        if (!isHeader(content)) throw fault('no such header');
        header = content;
        continue;
      }
      if (!isQuery(content)) throw fault('another form');
      const key = `${content.task} ${content.line}`;
      if (seen.has(key)) throw fault(`a second line for the pair of line ${content.line} in ${content.task}`);
      seen.add(key);
      queries.push(content);
    }
  }
  if (header === undefined) throw badLine(file, 1, true, 'an empty file');
  return { header, queries };
}

function badLine(file: string, line: number, first: boolean, got: string): UniecsError {
  const form = first
    ? 'the header { format: "uniecs hard negatives", version: 1, pairs, scoredBy, rules }'
    : '{ task, line, query, positive, positiveScore, negatives: [{ line, id, score, rank }] }';
  const hint = 'write the file with uniecs mine';
  return new UniecsError({ code: 'data', where, expected: form, got: `${got} in ${file}:${line}`, hint });
}

function parsed(text: string, fault: (got: string) => UniecsError): Record<string, unknown> {
  try {
    const content: unknown = JSON.parse(text);
    if (isObject(content)) return content;
  } catch (error) {
    throw fault(`no JSON (${error instanceof Error ? error.message : String(error)})`);
  }
  throw fault('no object');
}

function isHeader(content: Record<string, unknown>): content is Record<string, unknown> & NegativesHeader {
  const { format, version, pairs, scoredBy, rules } = content;
  if (format !== 'uniecs hard negatives' || version !== 1 || !isObject(pairs)) return false;
  return isCount(pairs.pairs, 0) && typeof pairs.sha256 === 'string' && isObject(scoredBy) && isObject(rules);
}

function isQuery(content: Record<string, unknown>): content is Record<string, unknown> & QueryNegatives {
  const { task, line, query, positive, positiveScore, negatives } = content;
  const texts = [task, query, positive].every((text) => typeof text === 'string');
  if (!texts || !isCount(line, 1) || typeof positiveScore !== 'number' || !Array.isArray(negatives)) return false;
  return negatives.every(
    (each: unknown) =>
      isObject(each) &&
      isCount(each.line, 1) &&
      isCount(each.rank, 1) &&
      typeof each.id === 'string' &&
      typeof each.score === 'number',
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown, least: number): boolean {
  return Number.isSafeInteger(value) && (value as number) >= least;
}
