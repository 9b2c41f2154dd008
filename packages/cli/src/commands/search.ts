import { openIndex, type SearchHit, type SearchIndex } from '@uniecs/retrieval';
import { UniecsError } from '@uniecs/tensor';
import { exitCodes } from '../exit-code.js';
import type { QueryWeights } from '../options/parsers.js';
import { queryVector } from '../query/query-vector.js';
import { harmless, type Io, isLive, print, say, widthOf } from '../terminal/io.js';
import { textTable } from '../terminal/text-table.js';
import { withModel } from '../with-model.js';

/** The flags of `uniecs search`. */
export interface SearchFlags {
  readonly model: string;
  readonly index: string;
  readonly text?: string;
  readonly image?: string;
  readonly like?: string;
  readonly notText?: string;
  readonly weight?: QueryWeights;
  readonly k: number;
  readonly where?: string;
  readonly json?: boolean;
}

/** Answers one search: the items of highest cosine with the query, best first. */
export async function runSearch(flags: SearchFlags, io: Io): Promise<number> {
  const { text, image, like, notText, weight: weights, k, where } = flags;
  if (text === undefined && image === undefined && like === undefined) {
    throw fault('argument', 'something to look for', 'none', 'give --text, --image, both, or --like');
  }
  return withModel(flags.model, {}, io, async (embedder, { fingerprint }) => {
    const index = await openIndex(flags.index);
    try {
      checkModel(index, fingerprint, flags);
      const vector = like === undefined ? undefined : await storedVector(index, like, flags.index);
      const query = await queryVector(embedder, { text, image, vector, notText, weights });
      // The item itself would be its own best hit.
      const wanted = like === undefined ? k : k + 1;
      const hits = await index.search({ vector: query, k: wanted, ...(where === undefined ? {} : { where }) });
      show(hits.filter(({ id }) => id !== like).slice(0, k), flags.json ?? false, io);
      return exitCodes.done;
    } finally {
      await index.close();
    }
  });
}

function checkModel(index: SearchIndex, fingerprint: string, flags: SearchFlags): void {
  if (index.model === '' || index.model === fingerprint) return;
  throw fault(
    'data',
    `an index made with the model ${flags.model} (${fingerprint})`,
    `${flags.index}, made with another one (${index.model})`,
    'pass the model that made it, or build it anew with uniecs index',
  );
}

async function storedVector(index: SearchIndex, id: string, path: string): Promise<Float32Array> {
  const record = await index.get(id);
  if (record) return record.vector;
  throw fault('argument', `an item '${id}' in ${path}`, 'none', 'pass the id of an item that is in the index');
}

function show(hits: readonly SearchHit[], json: boolean, io: Io): void {
  const ranked = hits.map(({ id, score, ...item }, i) => ({ rank: i + 1, score, id, ...item }));
  if (json) {
    print(io, JSON.stringify(ranked, null, 2));
    return;
  }
  if (ranked.length === 0) {
    say(io, 'no item was found');
    return;
  }
  const rows = ranked.map(({ rank, score, id, title }) => [
    String(rank),
    score.toFixed(4),
    harmless(id),
    harmless(title ?? ''),
  ]);
  const table = textTable([['rank', 'score', 'id', 'title'], ...rows], [0, 1]);
  const width = isLive(io.stdout) ? widthOf(io.stdout) : Number.POSITIVE_INFINITY;
  for (const line of table.split('\n')) print(io, line.length > width ? `${line.slice(0, width - 1)}…` : line);
}

function fault(code: 'argument' | 'data', expected: string, got: string, hint: string): UniecsError {
  return new UniecsError({ code, where: 'search', expected, got, hint });
}
