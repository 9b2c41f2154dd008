import { UniecsError } from '@uniecs/tensor';

/** What somebody who looked at a pair says of it; the order of the two products does not matter. */
export interface PairDecision {
  readonly item1: string;
  readonly item2: string;
  readonly decision: 'accept' | 'reject';
}

const where = 'parseDecisions';

/**
 * Reads decisions: `{ "version": 1, "decisions": [{ "item1": id, "item2": id, "decision": "accept" or "reject" }] }`.
 *
 * @throws UniecsError `data` for anything else, and for two decisions on one pair that differ
 */
export function parseDecisions(text: string): PairDecision[] {
  const fault = (got: string) =>
    new UniecsError({
      code: 'data',
      where,
      expected: '{ "version": 1, "decisions": [{ "item1", "item2", "decision": "accept" or "reject" }] }',
      got,
      hint: 'correct the decisions file',
    });
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    throw fault(`no JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const { version, decisions } = (content ?? {}) as Record<string, unknown>;
  if (version !== 1 || !Array.isArray(decisions)) throw fault('another form');
  const seen = new Map<string, string>();
  return decisions.map((entry: unknown, i) => {
    const { item1, item2, decision } = (entry ?? {}) as Record<string, unknown>;
    if (typeof item1 !== 'string' || typeof item2 !== 'string') throw fault(`no two ids in decision ${i + 1}`);
    if (decision !== 'accept' && decision !== 'reject') throw fault(`'${String(decision)}' in decision ${i + 1}`);
    const key = pairKey(item1, item2);
    const before = seen.get(key);
    if (before !== undefined && before !== decision) throw fault(`accept and reject for '${item1}' and '${item2}'`);
    seen.set(key, decision);
    return { item1, item2, decision };
  });
}

/** What two ids are found by, whichever comes first. */
export function pairKey(item1: string, item2: string): string {
  return JSON.stringify(item1 < item2 ? [item1, item2] : [item2, item1]);
}
