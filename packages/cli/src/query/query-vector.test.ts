import '@uniecs/tensor/testing';
import { expect, it } from 'vitest';
import { queryVector } from './query-vector.js';

const unit = (...x: number[]) => Float32Array.from(x.map((value) => value / Math.hypot(...x)));
const vectors: Record<string, Float32Array> = {
  red: unit(1, 0.5, 0.2),
  blue: unit(-0.3, 1, 0.4),
  'photo.jpg': unit(0.1, -0.2, 1),
  'red+photo.jpg': unit(1, 1, 1),
};
const source = {
  embedQuery: async ({ text, image }: { text?: string; image?: string }) =>
    vectors[[text, image].filter((part) => part !== undefined).join('+')] as Float32Array,
};

/** The same in float64. */
const normalise = (x: number[]) => x.map((value) => value / Math.hypot(...x));
const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((sum, x, i) => sum + x * (b[i] as number), 0);

it('text, image or both are the embedding that the model fuses', async () => {
  expect(await queryVector(source, { text: 'red' })).toBe(vectors.red);
  expect(await queryVector(source, { image: 'photo.jpg' })).toBe(vectors['photo.jpg']);
  expect(await queryVector(source, { text: 'red', image: 'photo.jpg' })).toBe(vectors['red+photo.jpg']);
});

it('weights make it the normalised weighted sum of the two sides', async () => {
  const [v, t] = [vectors['photo.jpg'] as Float32Array, vectors.red as Float32Array];
  const expected = normalise(Array.from(v, (x, i) => 0.3 * x + 2 * (t[i] as number)));
  const weights = { image: 0.3, text: 2 };
  expect(await queryVector(source, { text: 'red', image: 'photo.jpg', weights })).toBeCloseToArray(expected);
});

it('what is not wanted is subtracted so far that nothing points to it', async () => {
  const [q, n] = [vectors.red as Float32Array, vectors.blue as Float32Array];
  const expected = normalise(Array.from(q, (x, i) => x - dot(q, n) * (n[i] as number)));
  const left = await queryVector(source, { text: 'red', notText: 'blue' });
  expect(dot(q, n)).toBeGreaterThan(0.05);
  expect(left).toBeCloseToArray(expected);
  expect(dot(left, n)).toBeCloseTo(0, 6);
});

it('what points away already is not added', async () => {
  const vector = unit(0.3, -1, -0.4);
  expect(await queryVector(source, { vector, notText: 'blue' })).toBeCloseToArray(vector);
});

it('a stored vector is the query', async () => {
  expect(await queryVector(source, { vector: unit(1, 2, 3) })).toEqual(unit(1, 2, 3));
});

it('nothing left is an error', async () => {
  await expect(queryVector(source, { text: 'red', notText: 'red' })).rejects.toMatchObject({ code: 'argument' });
});

it.each([{ text: 'red' }, { image: 'photo.jpg' }])('weights of %o alone are an error', async (query) => {
  await expect(queryVector(source, { ...query, weights: { image: 1, text: 1 } })).rejects.toMatchObject({
    code: 'argument',
  });
});
