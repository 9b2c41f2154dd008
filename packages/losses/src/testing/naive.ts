import type { View } from '../representations.js';
import type { PlainItem, PlainPairs } from './pairs.js';

/** A term's value by plain float64 loops. */
export interface NaiveTerm {
  readonly loss: number;
  readonly perAnchor: number[];
  readonly anchors: number;
  readonly maskedNegatives: number;
}

/** A part of a term: a value per row, undefined where the row is no anchor. */
export interface NaivePart {
  readonly values: (number | undefined)[];
  readonly masked: number;
}

export function dot(a: readonly number[] | undefined, b: readonly number[] | undefined): number {
  if (!a || !b) throw new Error('no such row');
  let total = 0;
  for (const [k, value] of a.entries()) total += value * (b[k] as number);
  return total;
}

/** Whether pairs i and j share a product between the two items that a term looks at. */
export function shareProduct(query: PlainItem, candidate: PlainItem, i: number, j: number): boolean {
  if (i === j) return false;
  const [a, b] = [query.productId, candidate.productId];
  return b[j] === b[i] || b[j] === a[i] || a[j] === a[i];
}

/** The columns j that may stand beside anchor i, and how many existing ones are dropped as false negatives. */
export function columns(
  i: number,
  valid: readonly number[],
  { shared, diagonal }: { shared: ((i: number, j: number) => boolean) | undefined; diagonal: boolean },
): { kept: number[]; dropped: number } {
  const kept: number[] = [];
  let dropped = 0;
  for (const [j, exists] of valid.entries()) {
    if (!exists) continue;
    if (shared?.(i, j)) dropped++;
    else if (j !== i || diagonal) kept.push(j);
  }
  return { kept, dropped };
}

/** The K of `candidates` with the largest `score`, of equals the lower index. */
export function nearest(candidates: readonly number[], k: number, score: (j: number) => number): number[] {
  return [...candidates].sort((a, b) => score(b) - score(a) || a - b).slice(0, k);
}

export const mean = (values: readonly number[]) =>
  values.length === 0 ? 0 : values.reduce((a, b) => a + b, 0) / values.length;

export interface NaiveContrastOptions {
  tau: number;
  symmetric?: boolean;
  maskFalseNegatives?: boolean;
}

/** InfoNCE of one view of `query` against one of `candidate`, in one direction or the mean of both. */
export function naiveContrast(
  query: PlainItem,
  queryView: View,
  candidate: PlainItem,
  candidateView: View,
  options: NaiveContrastOptions,
): NaivePart {
  const { tau, symmetric = false, maskFalseNegatives = false } = options;
  const shared = maskFalseNegatives ? (i: number, j: number) => shareProduct(query, candidate, i, j) : undefined;
  let masked = 0;
  const values = query.productId.map((_, i) => {
    if (!query.valid[queryView][i] || !candidate.valid[candidateView][i]) return undefined;
    const { kept, dropped } = columns(i, candidate.valid[candidateView], { shared, diagonal: true });
    masked += dropped;
    const logits = kept.map((j) => dot(query[queryView][i], candidate[candidateView][j]) / tau);
    const top = Math.max(...logits);
    let denominator = 0;
    for (const logit of logits) denominator += Math.exp(logit - top);
    return Math.log(denominator) + top - dot(query[queryView][i], candidate[candidateView][i]) / tau;
  });
  if (!symmetric) return { values, masked };
  const back = naiveContrast(candidate, candidateView, query, queryView, { tau, maskFalseNegatives });
  return {
    values: values.map((value, i) => (value === undefined ? undefined : (value + (back.values[i] as number)) / 2)),
    masked: masked + back.masked,
  };
}

/** All anchors of all parts averaged. */
export function naiveAverage(parts: readonly NaivePart[]): NaiveTerm {
  const rows = rowsOf(parts);
  return {
    loss: mean(rows.flat()),
    perAnchor: rows.map(mean),
    anchors: rows.filter((values) => values.length > 0).length,
    maskedNegatives: parts.reduce((total, part) => total + part.masked, 0),
  };
}

/** Each part averaged (or summed) over its own anchors, then added. */
export function naiveSum(parts: readonly (NaivePart & { sum?: boolean })[]): NaiveTerm {
  const rows = rowsOf(parts);
  let loss = 0;
  for (const part of parts) {
    const values = part.values.filter((value) => value !== undefined);
    loss += part.sum ? mean(values) * values.length : mean(values);
  }
  return {
    loss,
    perAnchor: rows.map((values) => values.reduce((a, b) => a + b, 0)),
    anchors: rows.filter((values) => values.length > 0).length,
    maskedNegatives: parts.reduce((total, part) => total + part.masked, 0),
  };
}

function rowsOf(parts: readonly NaivePart[]): number[][] {
  const [first] = parts as [NaivePart];
  return first.values.map((_, i) => parts.map((part) => part.values[i]).filter((value) => value !== undefined));
}

/** The false-negative test between item 1 and item 2 where the option is on. */
export function sharedAcross(pairs: PlainPairs, on: boolean | undefined) {
  return on ? (i: number, j: number) => shareProduct(pairs.item1, pairs.item2, i, j) : undefined;
}
