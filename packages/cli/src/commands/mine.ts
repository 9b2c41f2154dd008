import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import {
  type MinedQuery,
  type NegativeRules,
  negativesLine,
  type Pair,
  productNumbers,
  type QueryNegatives,
  type Task,
  tasks,
} from '@uniecs/mbeer';
import { embedPairs, mineEmbeddings, pairsDigest } from '@uniecs/retrieval';
import { UniecsError } from '@uniecs/tensor';
import { writeFileAtomic } from '@uniecs/tensor/node';
import { readGoodPairs } from '../data/read-good.js';
import { exitCodes } from '../exit-code.js';
import type { DeviceName } from '../machine/device.js';
import { type Io, print, say } from '../terminal/io.js';
import { progress } from '../terminal/progress.js';
import { withModel } from '../with-model.js';
import type { EvaluatedSides } from './evaluate.js';
import { evaluatedPairs, importedSides } from './evaluate-embeddings.js';

/** The flags of `uniecs mine`: the rules, and either a model or embeddings. */
export type MineFlags = Required<Pick<NegativeRules, 'count' | 'rangeMin' | 'rangeMax' | 'sampling'>> &
  NegativeRules &
  MineSource & {
    readonly pairs: string;
    readonly columns?: string;
    readonly skipBad?: boolean;
    readonly images?: string;
    readonly device?: DeviceName;
    readonly embeddingCache?: string;
    readonly fuse?: 'sum';
    readonly normalize?: boolean;
    readonly tasks: readonly string[];
    readonly seed: number;
    readonly out: string;
  };

type MineSource =
  | { readonly model: string; readonly embeddings?: undefined }
  | { readonly model?: undefined; readonly embeddings: string };

type ScoredSides = EvaluatedSides & { readonly scoredBy: Readonly<Record<string, string>> };

/** Writes the hard negatives of a pair file, for `uniecs train --hard-negatives`. */
export async function runMine(flags: MineFlags, io: Io): Promise<number> {
  const asked = flags.tasks.map(taskOf);
  const sides =
    flags.model === undefined ? await imported(flags, flags.embeddings, io) : await embedded(flags, flags.model, io);
  const { pairs, query, candidate, scoredBy } = sides;
  const missing = asked.find(({ name }) => !sides.tasks.some((task) => task.name === name));
  if (missing) {
    throw new UniecsError({
      ...{ code: 'data', where: 'mine', expected: `embeddings of both sides of ${missing.name}` },
      ...{ got: 'not all of them', hint: 'name tasks whose views the file has, or add --fuse sum' },
    });
  }
  const productOf = productNumbers(pairs);
  const products = {
    query: pairs.map(({ item1 }) => productOf(item1)),
    candidate: pairs.map(({ item2 }) => productOf(item2)),
  };
  const rules = rulesOf(flags);
  const shown = progress(io, 'mining', 'queries');
  const lines: QueryNegatives[] = [];
  const counts: { readonly task: string; readonly found: readonly MinedQuery[] }[] = [];
  try {
    for (const [i, task] of asked.entries()) {
      const found = await mineEmbeddings({
        ...rules,
        ...{ query, candidate, task, products, seed: flags.seed, signal: io.signal },
        onProgress: ({ done }) => shown.update(i * pairs.length + done, asked.length * pairs.length),
      });
      counts.push({ task: task.name, found });
      for (const each of found) lines.push(lineOf(task, each, pairs));
    }
  } finally {
    shown.end();
  }
  const header = {
    ...({ format: 'uniecs hard negatives', version: 1, pairs: pairsDigest(pairs), scoredBy } as const),
    rules: { ...rules, seed: flags.seed },
  };
  await writeFileAtomic(flags.out, [header, ...lines].map(negativesLine).join(''));
  for (const { task, found } of counts) print(io, summaryOf(task, found, flags.count));
  print(io, `hard negatives: ${flags.out}`);
  return exitCodes.done;
}

function taskOf(name: string): Task {
  const found = tasks.find((task) => task.name === name);
  if (found) return found;
  throw new UniecsError({
    ...{ code: 'argument', where: 'mine', expected: `tasks out of ${tasks.map((task) => task.name).join(', ')}` },
    ...{ got: `'${name}'`, hint: "write them in quotes, with commas between: --tasks 'v->v,vt->vt'" },
  });
}

function rulesOf(flags: MineFlags): NegativeRules & Readonly<Record<string, string | number>> {
  const { count, rangeMin, rangeMax, sampling, minScore, maxScore, absoluteMargin, relativeMargin } = flags;
  const given = Object.entries({ minScore, maxScore, absoluteMargin, relativeMargin }).filter(
    (entry): entry is [string, number] => entry[1] !== undefined,
  );
  return { count, rangeMin, rangeMax, sampling, ...Object.fromEntries(given) };
}

function lineOf(task: Task, { row, positiveScore, negatives }: MinedQuery, pairs: readonly Pair[]): QueryNegatives {
  const { line, item1, item2 } = pairs[row] as Pair;
  return {
    ...{ task: task.name, line, query: item1.id, positive: item2.id, positiveScore },
    negatives: negatives.map(({ row, score, rank }) => {
      const { line, item2 } = pairs[row] as Pair;
      return { line, id: item2.id, score, rank };
    }),
  };
}

function summaryOf(task: string, found: readonly MinedQuery[], count: number): string {
  const negatives = found.reduce((sum, each) => sum + each.negatives.length, 0);
  const fewer = found.filter((each) => each.negatives.length < count).length;
  const none = found.filter((each) => each.negatives.length === 0).length;
  const short = fewer === 0 ? '' : `; ${fewer} queries have fewer than ${count}, ${none} of them none`;
  return `${task}: ${negatives} negatives of ${found.length} queries${short}`;
}

async function imported(flags: MineFlags, path: string, io: Io): Promise<ScoredSides> {
  const sides = await importedSides(flags, path, io);
  const sha256 = createHash('sha256')
    .update(await readFile(path))
    .digest('hex');
  return { ...sides, scoredBy: { embeddings: sha256 } };
}

function embedded(flags: MineFlags, model: string, io: Io): Promise<ScoredSides> {
  return withModel(model, { ...flags, keep: true }, io, async (embedder, { fingerprint }) => {
    const [pairs = []] = await readGoodPairs([flags.pairs], io, await evaluatedPairs(flags));
    const shown = progress(io, 'embedding', 'items');
    const options = { signal: io.signal, onProgress: shown.update };
    const sides = await embedPairs(embedder, pairs, options).finally(shown.end);
    say(io, `model: ${fingerprint}`);
    return { ...sides, pairs, tasks, notCounted: [], scoredBy: { model: fingerprint } };
  });
}
