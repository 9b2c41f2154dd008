import type { MetadataValue } from '@uniecs/mbeer';
import type { Random } from '@uniecs/tensor';

/** SQL's truth values: undefined is unknown. */
type Truth = boolean | undefined;
type Fields = Readonly<Record<string, MetadataValue>>;

/** A filter as text, and what it means, computed without the parser. */
export interface RandomFilter {
  readonly text: string;
  readonly truth: (fields: Fields) => Truth;
}

/** Values that the tests' records hold, and some that none does. */
export const samples: Readonly<Record<string, readonly (string | number | boolean)[]>> = {
  price: [-5, 0, 0.1, 3, 19.99, 1e21],
  brand: ['a', "o'b", 'c\\d', '日本', '👕', ''],
  sale: [true, false],
  size: [38, 40, 'M', 'L', true],
};

const comparisons = ['=', '==', '!=', '<>', '<', '<=', '>', '>='] as const;

/** Draws a filter over the fields of `samples`, nested up to `depth`. */
export function randomFilter(random: Random, depth: number): RandomFilter {
  const kind = depth === 0 ? random.integer(3) : random.integer(7);
  if (kind === 3) {
    const inner = randomFilter(random, depth - 1);
    return { text: `not (${inner.text})`, truth: (fields) => negate(inner.truth(fields)) };
  }
  if (kind > 3) {
    const isAnd = random.integer(2) === 0;
    const parts = Array.from({ length: 2 + random.integer(2) }, () => randomFilter(random, depth - 1));
    return {
      text: parts.map(({ text }) => `(${text})`).join(isAnd ? ' and ' : ' OR '),
      truth: (fields) => {
        const truths = parts.map(({ truth }) => truth(fields));
        if (truths.includes(!isAnd)) return !isAnd;
        return truths.includes(undefined) ? undefined : isAnd;
      },
    };
  }
  const field = pick(random, Object.keys(samples));
  const values = samples[field] ?? [];
  if (kind === 0) {
    const isNull = random.integer(2) === 0;
    return {
      text: `${field} is ${isNull ? '' : 'not '}null`,
      truth: (fields) => ((fields[field] ?? null) === null) === isNull,
    };
  }
  if (kind === 1) {
    const list = Array.from({ length: 1 + random.integer(3) }, () => pick(random, values));
    const negated = random.integer(2) === 0;
    return {
      text: `${field} ${negated ? 'NOT IN' : 'in'} (${list.map((value) => literal(random, value)).join(', ')})`,
      truth: (fields) => {
        const value = fields[field];
        if (!list.some((other) => typeof other === typeof value)) return undefined;
        return list.some((other) => other === value) !== negated;
      },
    };
  }
  const value = pick(random, values);
  const comparison = typeof value === 'boolean' ? pick(random, ['=', '!=']) : pick(random, comparisons);
  return {
    text: `${field} ${comparison} ${literal(random, value)}`,
    truth: (fields) => compare(fields[field] ?? null, comparison, value),
  };
}

function pick<T>(random: Random, values: readonly T[]): T {
  return values[random.integer(values.length)] as T;
}

function negate(truth: Truth): Truth {
  return truth === undefined ? undefined : !truth;
}

function literal(random: Random, value: string | number | boolean): string {
  if (typeof value !== 'string') return String(value);
  const escaped = value.replaceAll('\\', '\\\\');
  return random.integer(2) === 0 ? `'${escaped.replaceAll("'", "''")}'` : `"${escaped}"`;
}

function compare(value: MetadataValue, comparison: string, other: string | number | boolean): Truth {
  if (value === null || typeof value !== typeof other) return undefined;
  const order =
    typeof value === 'string'
      ? Buffer.compare(Buffer.from(value), Buffer.from(String(other)))
      : Number(value) - Number(other);
  if (comparison === '<') return order < 0;
  if (comparison === '<=') return order <= 0;
  if (comparison === '>') return order > 0;
  if (comparison === '>=') return order >= 0;
  return (order === 0) === (comparison === '=' || comparison === '==');
}
