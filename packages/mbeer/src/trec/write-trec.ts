/**
 * An id as a TREC file may hold it: of a pair file's line, since a product may stand in several pairs, and of the product. Blanks in the
 * product's id are percent-encoded.
 *
 * @param line line of the pair file, from 1
 */
export function trecId(line: number, id: string): string {
  return `${line}:${id.replace(/[\s%]/g, (character) => encodeURIComponent(character))}`;
}

/** A line of a TREC run, without its end. */
export function runLine(query: string, document: string, rank: number, score: number, tag: string): string {
  return `${query} Q0 ${document} ${rank} ${score} ${tag}`;
}

/** A line of TREC judgements that says that a document is relevant, without its end. */
export function qrelsLine(query: string, document: string): string {
  return `${query} 0 ${document} 1`;
}
