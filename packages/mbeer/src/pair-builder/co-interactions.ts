import { UniecsError } from '@uniecs/tensor';
import { stopIfAborted } from '../stop-if-aborted.js';

/** That a user (or a session) had to do with a product. */
export interface Interaction {
  readonly user: string;
  readonly item: string;
}

/** How co-interactions are counted. */
export interface CoInteractionOptions {
  /** Products that count, by id; interactions with others are left out, and said how many. */
  readonly items: readonly string[];
  /** Least users that two products share to be a candidate, from 1; default 2. */
  readonly minUsers?: number;
  /**
   * Products of a user that count, from 2: the first ones in the log's order. Default 100. It bounds the pairs of one user (4,950), so that
   * a robot does not outweigh everybody.
   */
  readonly maxItemsPerUser?: number;
  readonly signal?: AbortSignal;
}

/** Two products, as places in `items`, `first < second`, and the users that had to do with both. */
export interface CandidatePair {
  readonly first: number;
  readonly second: number;
  readonly users: number;
}

/** The candidates, by `first` and then `second`, and what the log was like. */
export interface CoInteractions {
  readonly candidates: readonly CandidatePair[];
  readonly interactions: number;
  /** Interactions with a product that is not among `items`. */
  readonly unknownItems: number;
  readonly users: number;
  /** Users of whose products only the first `maxItemsPerUser` count. */
  readonly cappedUsers: number;
}

const where = 'countCoInteractions';
const counting = { where, expected: 'to count the whole log' };
/** Occurrences of pairs that are sorted at a time: 128 MB. */
const occurrencesAtATime = 1 << 24;

/**
 * Counts how many users two products share, over a log that is read once: candidates are the pairs that at least `minUsers` users share.
 * A user counts once for a pair, however often it recurs, within or across days.
 *
 * The counts are exact, given `maxItemsPerUser`: no pair is sampled or dropped to save memory. Pairs are counted in passes over ranges of
 * their first product, each by sorting at most 16 million occurrences (more only where one product alone has more). Beside that, 8 bytes an
 * interaction and the distinct users are held.
 *
 * @throws UniecsError `argument` for options out of range, `interrupted` when the signal fires
 */
export async function countCoInteractions(
  log: AsyncIterable<Interaction> | Iterable<Interaction>,
  { items, minUsers = 2, maxItemsPerUser = 100, signal }: CoInteractionOptions,
): Promise<CoInteractions> {
  wholeFrom('minUsers', minUsers, 1);
  wholeFrom('maxItemsPerUser', maxItemsPerUser, 2);
  const placeOf = new Map(items.map((id, place) => [id, place]));
  const numberOf = new Map<string, number>();
  let [userOf, itemOf] = [new Int32Array(1 << 16), new Int32Array(1 << 16)];
  let [kept, interactions, unknownItems] = [0, 0, 0];
  for await (const { user, item } of log) {
    if (interactions++ % 65_536 === 0) stopIfAborted(signal, counting);
    const place = placeOf.get(item);
    if (place === undefined) {
      unknownItems++;
      continue;
    }
    let number = numberOf.get(user);
    if (number === undefined) {
      number = numberOf.size;
      numberOf.set(user, number);
    }
    if (kept === userOf.length) [userOf, itemOf] = [doubled(userOf), doubled(itemOf)];
    userOf[kept] = number;
    itemOf[kept++] = place;
  }
  const users = numberOf.size;
  numberOf.clear();
  const baskets = basketsOf(userOf.subarray(0, kept), itemOf.subarray(0, kept), users, maxItemsPerUser);
  const candidates = countPairs(baskets, items.length, minUsers, signal);
  return { candidates, interactions, unknownItems, users, cappedUsers: baskets.capped };
}

/** The distinct products of each user, ascending: those of user u at `starts[u]` to `ends[u]`. */
interface Baskets {
  readonly items: Int32Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly capped: number;
}

function basketsOf(userOf: Int32Array, itemOf: Int32Array, users: number, most: number): Baskets {
  const starts = new Int32Array(users + 1);
  for (const user of userOf) starts[user + 1] = (starts[user + 1] as number) + 1;
  for (let user = 0; user < users; user++) starts[user + 1] = (starts[user + 1] as number) + (starts[user] as number);
  const next = starts.slice(0, users);
  const items = new Int32Array(itemOf.length);
  userOf.forEach((user, i) => {
    items[next[user] as number] = itemOf[i] as number;
    next[user] = (next[user] as number) + 1;
  });
  const ends = new Int32Array(users);
  let capped = 0;
  for (let user = 0; user < users; user++) {
    const [start, end] = [starts[user] as number, starts[user + 1] as number];
    const distinct = [...new Set(items.subarray(start, end))];
    if (distinct.length > most) capped++;
    const own = Int32Array.from(distinct.slice(0, most)).sort();
    items.set(own, start);
    ends[user] = start + own.length;
  }
  return { items, starts, ends, capped };
}

function countPairs(
  { items, starts, ends }: Baskets,
  products: number,
  minUsers: number,
  signal: AbortSignal | undefined,
): CandidatePair[] {
  const occurrences = new Float64Array(products);
  ends.forEach((end, user) => {
    for (let at = starts[user] as number; at < end; at++) {
      const item = items[at] as number;
      occurrences[item] = (occurrences[item] as number) + end - at - 1;
    }
  });
  const candidates: CandidatePair[] = [];
  for (let from = 0; from < products; ) {
    stopIfAborted(signal, counting);
    let to = from + 1;
    let size = occurrences[from] as number;
    while (to < products && size + (occurrences[to] as number) <= occurrencesAtATime)
      size += occurrences[to++] as number;
    const keys = new Float64Array(size);
    let filled = 0;
    ends.forEach((end, user) => {
      for (let at = starts[user] as number; at < end; at++) {
        const first = items[at] as number;
        if (first < from) continue;
        if (first >= to) break;
        for (let other = at + 1; other < end; other++) keys[filled++] = first * products + (items[other] as number);
      }
    });
    keys.sort();
    for (let at = 0; at < size; ) {
      const key = keys[at] as number;
      let after = at + 1;
      while (keys[after] === key) after++;
      if (after - at >= minUsers) {
        candidates.push({ first: Math.floor(key / products), second: key % products, users: after - at });
      }
      at = after;
    }
    from = to;
  }
  return candidates;
}

function doubled(values: Int32Array): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(2 * values.length);
  larger.set(values);
  return larger;
}

function wholeFrom(name: string, value: number, least: number): void {
  if (Number.isSafeInteger(value) && value >= least) return;
  throw new UniecsError({
    code: 'argument',
    where,
    expected: `${name} to be a whole number from ${least}`,
    got: String(value),
    hint: 'or leave it out for the default',
  });
}
