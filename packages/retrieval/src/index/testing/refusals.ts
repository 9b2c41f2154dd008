import { expect, it } from 'vitest';
import type { IndexRecord } from '../search-index.js';
import { failure } from './failure.js';
import type { IndexMaker } from './index-maker.js';

/** The part of the conformance suite about what an index refuses. */
export function refusalsOf(maker: IndexMaker): void {
  it('refuses bad records before anything is written', async () => {
    const index = await maker.create('refusals', 2);
    const vector = Float32Array.of(1, 0);
    const good = { id: 'good', vector, metadata: {} };
    const cases: [string, Partial<Record<keyof IndexRecord, unknown>>, string, RegExp][] = [
      [
        'a shorter vector',
        { vector: Float32Array.of(1) },
        'shape',
        /expected 2 numbers in the vector of 'bad', got 1;/,
      ],
      ['a plain array', { vector: [1, 0] }, 'argument', /Float32Array/],
      ['NaN', { vector: Float32Array.of(1, Number.NaN) }, 'numeric', /got NaN at element 1/],
      ['infinity', { vector: Float32Array.of(Number.POSITIVE_INFINITY, 1) }, 'numeric', /got Infinity at element 0/],
      ['zeros', { vector: new Float32Array(2) }, 'numeric', /got only zeros/],
      ['an empty id', { id: '' }, 'data', /id of record 1, got ""/],
      ['a number as id', { id: 7 }, 'data', /got number/],
      ['half a character as id', { id: 'a\ud83d' }, 'data', /id of record 1/],
      ['an id twice', { id: 'good' }, 'data', /'good' twice/],
      ['a list in the metadata', { metadata: { a: [1] } }, 'data', /as 'a' of 'bad', got a list/],
      ['NaN in the metadata', { metadata: { a: Number.NaN } }, 'data', /got NaN/],
      ['no metadata', { metadata: undefined }, 'data', /metadata of 'bad', got undefined/],
      ['a field called title', { metadata: { title: 'x' } }, 'data', /got 'title'/],
      ['a title that is no text', { title: 5 }, 'data', /title of 'bad', got number/],
    ];
    for (const [what, change, code, message] of cases) {
      const bad = { id: 'bad', vector, metadata: {}, ...change } as IndexRecord;
      const error = await failure(index.add([good, bad]));
      expect([what, error.code, error.message]).toEqual([what, code, expect.stringMatching(message)]);
    }
    expect(await index.count()).toBe(0);
    await index.close();
  });

  it('refuses bad queries', async () => {
    const index = await maker.create('queries', 2);
    const vector = Float32Array.of(1, 0);
    await index.add([{ id: 'a', vector, metadata: { price: 1, name: 'x', sale: true } }]);
    const cases: [object, string, RegExp][] = [
      [{ k: 0 }, 'argument', /got 0/],
      [{ k: 1.5 }, 'argument', /got 1.5/],
      [{ k: Number.NaN }, 'argument', /got NaN/],
      [{ vector: Float32Array.of(1, 2, 3) }, 'shape', /expected 2 numbers in the query, got 3/],
      [{ vector: Float32Array.of(Number.NaN, 2) }, 'numeric', /got NaN/],
      [{ vector: new Float32Array(2) }, 'numeric', /only zeros/],
      [{ where: 'price <' }, 'argument', /expected a value.*got the end/],
      [{ where: 'colour = 1' }, 'argument', /got 'colour'; the fields are id, title, image, price, name, sale/],
      [{ where: 'Price = 1' }, 'argument', /did you mean price\?/],
      [{ where: "price = '1'" }, 'argument', /expected a number for 'price', got text "1"/],
      [{ where: 'name in (1)' }, 'argument', /expected text for 'name', got a number 1; put text in quotes/],
      [{ where: 'sale < true' }, 'argument', /true and false have no order/],
      [{ where: 'name' }, 'argument', /expected text for 'name', got a boolean true/],
    ];
    for (const [change, code, message] of cases) {
      const error = await failure(index.search({ vector, k: 1, ...change }));
      expect([change, error.code, error.message]).toEqual([change, code, expect.stringMatching(message)]);
    }
    await index.close();
  });

  it('does nothing more once it is closed, and closes twice', async () => {
    const index = await maker.create('closed', 1);
    const vector = Float32Array.of(1);
    await index.add([{ id: 'a', vector, metadata: {} }]);
    const search = index.search({ vector, k: 1 });
    await Promise.all([index.close(), index.close()]);
    expect(await search, 'a search that ran when it was closed').toHaveLength(1);
    for (const call of [
      () => index.add([]),
      () => index.remove([]),
      () => index.get('a'),
      () => index.search({ vector, k: 1 }),
      () => index.count(),
      () => index.flush(),
    ]) {
      expect(await failure(call())).toMatchObject({ code: 'argument', got: 'one that was closed' });
    }
    await index.close();
    const again = await maker.open('closed');
    expect(await again.count(), 'closing flushes').toBe(1);
    await again.close();
  });
}
