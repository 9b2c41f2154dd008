import { readFile } from 'node:fs/promises';
import { judgeRun, parseQrels, parseRun } from '@uniecs/mbeer';
import { UniecsError } from '@uniecs/tensor';
import { writeFileAtomic } from '@uniecs/tensor/node';
import { exitCodes } from '../exit-code.js';
import { type Io, print, say } from '../terminal/io.js';

/** A TREC run with the judgements that it is measured by. */
export interface EvaluateRunFlags {
  readonly run: string;
  readonly qrels: string;
  readonly json?: string;
}

/** Measures a TREC run that was made elsewhere, or by `--run-out`. */
export async function evaluateRun({ run, qrels, json }: EvaluateRunFlags, io: Io): Promise<number> {
  const judged = judgeRun(parseRun(await text(run), run), parseQrels(await text(qrels), qrels));
  const width = Math.max(...Object.keys(judged.measures).map((name) => name.length));
  for (const [name, value] of Object.entries(judged.measures)) print(io, `${name.padEnd(width)}  ${value.toFixed(4)}`);
  print(io, `queries ${judged.queries}, ${judged.unanswered} of them not in the run; ties count against the query`);
  if (json !== undefined) {
    await writeFileAtomic(json, `${JSON.stringify({ version: 1, ...judged }, null, 2)}\n`);
    say(io, `report: ${json}`);
  }
  return exitCodes.done;
}

function text(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause) => {
    throw new UniecsError({
      ...{ code: 'file', where: 'eval', expected: `a file that can be read, ${file}`, got: cause.message, cause },
      hint: 'check the path',
    });
  });
}
