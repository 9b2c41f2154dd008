import { UniecsError } from '@uniecs/tensor';

/** What is wrong with one line of a data file. A line may have several. */
export interface Problem {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly reason: string;
}

/** How many products have what. */
export interface ModalityCounts {
  readonly both: number;
  readonly imageOnly: number;
  readonly textOnly: number;
}

/** What the loaders' results have in common. */
export interface Validated {
  readonly file: string;
  /** All of them, by line. */
  readonly problems: readonly Problem[];
  /** Lines read, blank ones not counted. */
  readonly lines: number;
  /** Lines with a problem; they are not among the result's pairs or items. */
  readonly skipped: number;
}

/** How many problems a thrown error names; its `details.problems` holds all. */
const named = 5;

/**
 * Throws UniecsError `data` that names the first problems and their total, where there are any, or where no line at all is left;
 * otherwise returns what it was given. With `skipBad`, bad lines are let pass (`skipped` says how many) and only an empty rest throws.
 */
export function requireValid<T extends Validated>(
  data: T,
  { skipBad = false }: { readonly skipBad?: boolean } = {},
): T {
  const { file, problems, lines, skipped } = data;
  if (problems.length > 0 && !skipBad) {
    const shown = problems.slice(0, named).map(({ line, reason }) => `${file}:${line}: ${reason}`);
    if (problems.length > named) shown.push(`and ${problems.length - named} more`);
    throw new UniecsError({
      code: 'data',
      where: 'requireValid',
      expected: `${file} to be without problems`,
      got: `${problems.length} in ${skipped} of its ${lines} lines (${shown.join('; ')})`,
      hint: 'correct those lines, or skip them explicitly',
      details: { file, problems },
    });
  }
  if (lines === skipped) {
    throw new UniecsError({
      code: 'data',
      where: 'requireValid',
      expected: `at least one good line in ${file}`,
      got: lines === 0 ? 'an empty file' : `none of ${lines}`,
      hint: 'check that this is the right file',
      details: { file, problems },
    });
  }
  return data;
}
