import type { Pair } from '@uniecs/mbeer';
import { type ByRow, recallRows } from '../ablation/recall-rows.js';
import type { Embedder } from '../embedding/embedder.js';
import { rankEmbeddings } from '../embedding/rank-embeddings.js';
import {
  type ContentEmbeddings,
  contentOf,
  embedContents,
  itemsOf,
  sidesOf,
  unknownContents,
} from './content-embeddings.js';
import type { ConditionGroup } from './missing-conditions.js';

/** What a model reaches on the pairs of a condition. */
export interface ConditionResult {
  /**
   * Every item counts: where it lacks what a task asks for, what it has stands in. The pool is that of all candidates at every share,
   * so shares can be compared.
   */
  readonly all: ByRow<number | null>;
  /** The tasks as they are defined: items without the modality are neither queries nor candidates, so the pool shrinks. */
  readonly counted: ByRow<number | null>;
  /** Queries and candidates of `counted`, by task. */
  readonly queries: Readonly<Record<string, number>>;
  readonly candidates: Readonly<Record<string, number>>;
}

/** How a measurement is watched. */
export interface MeasureOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (what: 'items' | 'conditions', done: number, total: number) => void;
}

/**
 * What a model reaches on every condition, group by group. Each content (a title, a picture, or both) is embedded once, and a group's
 * embeddings are let go after it.
 *
 * @throws UniecsError as `Embedder.embed` and `rankEmbeddings`
 */
export async function measureMissing(
  embedder: Pick<Embedder, 'embed'>,
  pairs: readonly Pair[],
  groups: readonly ConditionGroup[],
  { signal, onProgress }: MeasureOptions = {},
): Promise<ConditionResult[][]> {
  const clean = unknownContents(itemsOf(pairs), new Set());
  const contents = new Set(clean.map(contentOf));
  const added = groups.map((group) =>
    unknownContents(
      group.flatMap((one) => itemsOf(one.pairs)),
      contents,
    ),
  );
  const items = [clean, ...added].reduce((sum, { length }) => sum + length, 0);
  const conditions = groups.reduce((sum, { length }) => sum + length, 0);
  let [embedded, judged] = [0, 0];
  const embed = async (own: typeof clean) => {
    const before = embedded;
    embedded += own.length;
    return embedContents(embedder, own, { signal, onProgress: (done) => onProgress?.('items', before + done, items) });
  };
  const known = await embed(clean);
  const untouched = await judge(pairs, [known], signal);
  const results: ConditionResult[][] = [];
  for (const [i, group] of groups.entries()) {
    const own = await embed(added[i] ?? []);
    const found: ConditionResult[] = [];
    for (const { condition, pairs: worse } of group) {
      found.push(condition.share === 0 ? untouched : await judge(worse, [own, known], signal));
      judged++;
      onProgress?.('conditions', judged, conditions);
    }
    results.push(found);
  }
  return results;
}

async function judge(
  pairs: readonly Pair[],
  found: readonly ContentEmbeddings[],
  signal: AbortSignal | undefined,
): Promise<ConditionResult> {
  const run = (standIn: boolean) =>
    rankEmbeddings({ ...sidesOf(pairs, found, standIn), ...(signal ? { signal } : {}) });
  const counted = await run(false);
  // Where no item lacks anything, nothing stands in.
  const whole = itemsOf(pairs).every(({ title, image }) => title !== undefined && image !== undefined);
  const by = <T>(of: (result: (typeof counted.results)[number]) => T) =>
    Object.fromEntries(counted.results.map((result) => [result.task.name, of(result)]));
  return {
    all: recallRows(whole ? counted : await run(true)),
    counted: recallRows(counted),
    queries: by(({ queryRows }) => queryRows.length),
    candidates: by(({ candidates }) => candidates),
  };
}
