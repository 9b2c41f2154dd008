import { seededRandom, UniecsError } from '@uniecs/tensor';
import type { Matrix } from '../embeddings.js';
import { nextTurn } from '../next-turn.js';
import { affinities } from './affinities.js';
import { tsneGradient } from './tsne-gradient.js';

/** How points are laid out. */
export interface TsneOptions {
  /** How many neighbours a point has, in effect; from 1 to less than N - 1. Default 30. */
  readonly perplexity?: number;
  /** Steps of gradient descent; the first quarter, at most 250, exaggerates P by 12. Default 1,000. */
  readonly iterations?: number;
  /** Of the places that points start from; the same seed gives the same picture on every machine. Default 7. */
  readonly seed?: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (done: number, total: number) => void;
}

const where = 'tsne';
const exaggeration = 12;
/** Gradient steps between two looks at the signal. */
const stepsAtOnce = 10;

/**
 * t-SNE (van der Maaten and Hinton 2008), exact: places points in the plane so that near ones stay near. Minimises
 * `KL(P || Q)` with the P of `affinities` and `q_ij` of a Student t kernel, by gradient descent with momentum (0.5, after the exaggeration
 * 0.8) and gains a coordinate, learning rate `max(N / 48, 10)`, from normal places of standard deviation 1e-4. Computed in float64;
 * `O(N^2)` time a step and `4 N^2` bytes: 3,000 points take half a minute to a minute and 70 MB.
 *
 * Distances between clusters and their sizes mean little in such a picture.
 *
 * @param points `[N, D]`
 * @returns x and y of each point, `[N, 2]`, the mean at 0
 * @throws UniecsError `argument` for fewer than four points or an option out of range, `shape` for a matrix of another length, `numeric`
 *   for a number that is not finite, `interrupted`
 */
export async function tsne(points: Matrix, options: TsneOptions = {}): Promise<Float64Array> {
  const { perplexity = 30, iterations = 1000, seed = 7, signal, onProgress } = options;
  const n = points.rows;
  checkPoints(points);
  check(perplexity >= 1 && perplexity < n - 1, `perplexity to be from 1 to less than ${n - 1}`, perplexity);
  check(Number.isSafeInteger(iterations) && iterations >= 1, 'iterations to be a whole number from 1', iterations);
  const joint = affinities(points, perplexity);
  const random = seededRandom(seed);
  const places = Float64Array.from({ length: 2 * n }, () => 1e-4 * random.normal());
  const [gradient, velocity] = [new Float64Array(2 * n), new Float64Array(2 * n)];
  const gains = new Float64Array(2 * n).fill(1);
  const rate = Math.max(n / exaggeration / 4, 10);
  const early = Math.min(250, Math.floor(iterations / 4));
  for (let step = 0; step < iterations; step++) {
    if (step % stepsAtOnce === 0) {
      await nextTurn();
      if (signal?.aborted) throw interrupted(step, iterations);
      onProgress?.(step, iterations);
    }
    tsneGradient(joint, places, step < early ? exaggeration : 1, gradient);
    const momentum = step < early ? 0.5 : 0.8;
    for (let k = 0; k < places.length; k++) {
      const slope = gradient[k] as number;
      // Against the way it goes: it overshot.
      const turns = slope * (velocity[k] as number) > 0;
      gains[k] = turns ? Math.max(0.01, (gains[k] as number) * 0.8) : (gains[k] as number) + 0.2;
      velocity[k] = momentum * (velocity[k] as number) - rate * (gains[k] as number) * slope;
      places[k] = (places[k] as number) + (velocity[k] as number);
    }
    centre(places);
  }
  onProgress?.(iterations, iterations);
  return places;
}

function centre(places: Float64Array): void {
  let [x, y] = [0, 0];
  for (let k = 0; k < places.length; k += 2) {
    x += places[k] as number;
    y += places[k + 1] as number;
  }
  const n = places.length / 2;
  for (let k = 0; k < places.length; k += 2) {
    (places[k] as number) -= x / n;
    (places[k + 1] as number) -= y / n;
  }
}

function checkPoints({ rows, columns, data }: Matrix): void {
  check(Number.isSafeInteger(rows) && rows >= 4, 'at least four points', rows);
  if (data.length !== rows * columns) {
    const expected = `${rows} x ${columns} numbers`;
    throw new UniecsError({ code: 'shape', where, expected, got: `${data.length}`, hint: 'pass a row-major matrix' });
  }
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad < 0) return;
  throw new UniecsError({
    code: 'numeric',
    where,
    expected: 'finite numbers',
    got: `${data[bad]} in row ${Math.floor(bad / columns)}`,
    hint: 'the model that made this embedding has diverged, or the row was never filled',
  });
}

function check(holds: boolean, expected: string, got: number): void {
  if (holds) return;
  const hint = 'correct it; 30 suits a thousand points, a third of the points fewer than ninety';
  throw new UniecsError({ code: 'argument', where, expected, got: String(got), hint });
}

function interrupted(step: number, iterations: number): UniecsError {
  return new UniecsError({
    code: 'interrupted',
    where,
    expected: `${iterations} iterations`,
    got: `the signal to stop after ${step}`,
    hint: 'run it again',
  });
}
