import { type Random, seededRandom } from '@uniecs/tensor';
import { randomArray } from '@uniecs/tensor/testing';
import { beforeAll, describe, expect, it } from 'vitest';
import type { IndexRecord, SearchHit, SearchIndex } from '../search-index.js';
import type { IndexMaker } from './index-maker.js';
import { oracleSearch } from './oracle.js';
import { randomFilter, samples } from './random-filter.js';
import { refusalsOf } from './refusals.js';

/** The tests that every store passes, against a naive oracle. */
export function conformanceOf(store: string, maker: IndexMaker): void {
  describe(`an index in the store ${store}`, () => {
    describe('of 2,000 vectors of 32 numbers', () => {
      const random = seededRandom('conformance');
      const records = new Map<string, IndexRecord>();
      let index: SearchIndex;

      async function addAll(batch: readonly IndexRecord[]): Promise<void> {
        await index.add(batch);
        for (const record of batch) records.set(record.id, record);
      }

      beforeAll(async () => {
        index = await maker.create('large', 32, { model: 'model α' });
        await addAll(Array.from({ length: 2000 }, (_, i) => randomRecord(random, `item ${i}`, 32)));
      });

      const expectAnswer = async (
        query: Float32Array,
        k: number,
        where?: string,
        passes?: (record: IndexRecord) => boolean,
      ) => {
        const hits = await index.search({ vector: query, k, ...(where === undefined ? {} : { where }) });
        expectHits(hits, oracleSearch(records.values(), query, k, passes));
        for (const { score, ...hit } of hits) {
          const { vector, ...body } = records.get(hit.id) as IndexRecord;
          expect(hit).toEqual(body);
        }
      };

      it('finds what the oracle finds, and what was stored with it', async () => {
        for (let i = 0; i < 20; i++) await expectAnswer(randomArray(random, [32]), 10);
      });

      it('gives k hits, one hit, and all where k is the size or larger', async () => {
        const query = randomArray(random, [32]);
        for (const k of [1, 2, 999, 1999, 2000, 2001, 1_000_000_000]) await expectAnswer(query, k);
      });

      it('filters as the oracle does, whatever the expression', async () => {
        for (let i = 0; i < 60; i++) {
          const { text, truth } = randomFilter(random, 3);
          await expectAnswer(randomArray(random, [32]), 7, text, ({ metadata }) => truth(metadata) === true);
        }
      });

      it('filters by id, title and image', async () => {
        const query = randomArray(random, [32]);
        await expectAnswer(
          query,
          5,
          "id in ('item 7', 'item 8', 'item x')",
          ({ id }) => id === 'item 7' || id === 'item 8',
        );
        await expectAnswer(
          query,
          5,
          'title is null and image is not null',
          (r) => r.title === undefined && r.image !== undefined,
        );
        await expectAnswer(query, 5, "title = 'title of item 40'", ({ title }) => title === 'title of item 40');
      });

      it('answers searches that run at the same time, and while records are added', async () => {
        const queries = Array.from({ length: 12 }, () => randomArray(random, [32]));
        const expected = queries.map((query) => oracleSearch(records.values(), query, 5));
        const answers = queries.map((vector) => index.search({ vector, k: 5 }));
        const late = [randomRecord(random, 'late', 32)];
        const adding = addAll(late);
        (await Promise.all(answers)).forEach((hits, i) => {
          expectHits(hits, expected[i] as { id: string; score: number }[]);
        });
        await adding;
        expect((await index.search({ vector: (late[0] as IndexRecord).vector, k: 1 }))[0]?.id).toBe('late');
      });

      it('replaces records by id, removes records, and answers as if they had never been', async () => {
        await addAll(Array.from({ length: 300 }, (_, i) => randomRecord(random, `item ${i * 3}`, 32)));
        const gone = Array.from({ length: 700 }, (_, i) => `item ${i * 2}`);
        expect(await index.remove([...gone, 'nobody', ...gone])).toBe(700);
        for (const id of gone) records.delete(id);
        expect(await index.remove(gone)).toBe(0);
        expect(await index.count()).toBe(records.size);
        for (let i = 0; i < 10; i++) {
          await expectAnswer(randomArray(random, [32]), 10);
          const { text, truth } = randomFilter(random, 2);
          await expectAnswer(randomArray(random, [32]), 10, text, ({ metadata }) => truth(metadata) === true);
        }
      });

      it('is the same index when it is opened again, and can be changed then', async () => {
        await index.close();
        index = await maker.open('large');
        expect([index.store, index.dimension, index.model]).toEqual([store, 32, 'model α']);
        expect(await index.count()).toBe(records.size);
        for (let i = 0; i < 5; i++) await expectAnswer(randomArray(random, [32]), 10);
        const { text, truth } = randomFilter(random, 2);
        await expectAnswer(randomArray(random, [32]), 10, text, ({ metadata }) => truth(metadata) === true);
        await addAll([randomRecord(random, 'item 1', 32), randomRecord(random, 'after opening', 32)]);
        expect(await index.count()).toBe(records.size);
        await index.flush();
        await expectAnswer(randomArray(random, [32]), 10);
        await index.close();
      });
    });

    it('gives equal scores in the order of ids, wherever k cuts them', async () => {
      const index = await maker.create('ties', 3);
      const random = seededRandom('ties');
      const directions = [Float32Array.of(1, 2, 3), Float32Array.of(3, -1, 0.5), Float32Array.of(0, 0, 7)];
      const records = Array.from({ length: 400 }, (_, i) => {
        const id = `${['z', 'é', '😀', '\uff01', 'A', "'"][i % 6]}${i}`;
        return { id, vector: directions[random.integer(3)] as Float32Array, metadata: {} };
      });
      await index.add(records);
      for (const k of [1, 3, 17, 130, 250, 399, 400]) {
        for (const vector of directions) {
          const hits = await index.search({ vector, k });
          expect(hits.map(({ id }) => id)).toEqual(oracleSearch(records, vector, k).map(({ id }) => id));
        }
      }
      await index.close();
    });

    it('is empty at first, and again when everything is removed', async () => {
      const index = await maker.create('empty', 5);
      const vector = Float32Array.of(1, 0, 0, 0, 0);
      const expectEmpty = async (where: string) => {
        expect(await index.count()).toBe(0);
        expect(await index.search({ vector, k: 3 })).toEqual([]);
        expect(await index.search({ vector, k: 3, where })).toEqual([]);
        expect(await index.get('a')).toBeUndefined();
      };
      await expectEmpty("id = 'a'");
      await index.add([]);
      await index.flush();
      await index.add([{ id: 'a', vector, metadata: { price: 3 } }]);
      expect(await index.remove(['a'])).toBe(1);
      await expectEmpty('price = 3');
      await index.close();
      const again = await maker.open('empty');
      expect(await again.count()).toBe(0);
      expect(await again.search({ vector, k: 3, where: 'price = 3' })).toEqual([]);
      await again.close();
    });

    it('keeps ids, text and fields of any characters, also on disk', async () => {
      const odd = [
        '日本語',
        "it's",
        '"double"',
        'back`quote',
        'back\\slash',
        '👕👖',
        'a\nb\tc\0d',
        '%20',
        'x;--',
        ' ',
        'null',
        'NaN',
      ];
      const records = odd.map((text, i): IndexRecord => {
        const vector = new Float32Array(odd.length).fill(0.1);
        vector[i] = 1;
        return {
          id: text,
          vector,
          title: `title ${text}`,
          image: text,
          metadata: { [text]: text, n: i, __proto__x: null, other: null },
        };
      });
      let index = await maker.create('odd', odd.length);
      await index.add(records);
      for (const round of ['new', 'opened again']) {
        for (const { id, vector, metadata, title } of records) {
          const quoted = id.replaceAll('\\', '\\\\').replaceAll("'", "''").replaceAll('\n', '\\n');
          const where = `\`${id.replaceAll('`', '``')}\` = '${quoted}' and id = '${quoted}'`;
          const [hit, ...more] = await index.search({ vector, k: 5, where });
          expect([round, hit?.id, hit?.title, hit?.metadata, more]).toEqual([round, id, title, metadata, []]);
          expect((await index.get(id))?.image).toBe(id);
        }
        await index.close();
        index = await maker.open('odd');
      }
      expect(await index.remove(odd)).toBe(odd.length);
      await index.close();
    });

    it('tells fields apart by case and by the type of each value', async () => {
      const index = await maker.create('mixed', 2);
      const vector = Float32Array.of(1, 0);
      const values = [40, 'L', true, null, 41, '40'];
      // One call each, so that types of a field turn up later than others.
      for (const [i, value] of values.entries()) {
        await index.add([{ id: String(i), vector, metadata: { size: value, [i % 2 ? 'Size' : 'SIZE']: i } }]);
        await index.flush();
      }
      const ids = async (where: string) => (await index.search({ vector, k: 10, where })).map(({ id }) => id);
      expect(await ids('size > 39')).toEqual(['0', '4']);
      expect(await ids("size = '40'")).toEqual(['5']);
      expect(await ids('size')).toEqual(['2']);
      expect(await ids('not size != true')).toEqual(['2']);
      expect(await ids("size not in (40, 'L')")).toEqual(['4', '5']);
      expect(await ids("not size not in (40, 'L', true)")).toEqual(['0', '1', '2']);
      expect(await ids('size is null')).toEqual(['3']);
      expect(await ids('Size < 4')).toEqual(['1', '3']);
      expect(await ids('SIZE < 4')).toEqual(['0', '2']);
      expect((await index.get('2'))?.metadata).toEqual({ size: true, SIZE: 2 });
      await index.close();
    });

    it('compares numbers exactly, from the smallest to the largest', async () => {
      const numbers = [
        0,
        -0,
        5e-324,
        -5e-324,
        0.1,
        0.30000000000000004,
        2 ** 53,
        2 ** 53 + 2,
        1e21,
        -1e300,
        1.7976931348623157e308,
      ];
      const index = await maker.create('numbers', 1);
      const vector = Float32Array.of(1);
      await index.add(numbers.map((n, i) => ({ id: `${10 + i}`, vector, metadata: { n } })));
      for (const [comparison, test] of [
        ['=', (a: number, b: number) => a === b],
        ['<', (a: number, b: number) => a < b],
        ['>=', (a: number, b: number) => a >= b],
      ] as const) {
        for (const n of numbers) {
          const hits = await index.search({ vector, k: 20, where: `n ${comparison} ${n}` });
          const expected = numbers.flatMap((m, i) => (test(m, n) ? [`${10 + i}`] : []));
          expect([comparison, n, hits.map(({ id }) => id)]).toEqual([comparison, n, expected]);
        }
      }
      await index.close();
    });

    it('takes filters as deep and as long as the parser does', async () => {
      const index = await maker.create('deep', 1);
      const vector = Float32Array.of(1);
      await index.add([{ id: 'a', vector, metadata: { n: 1 } }]);
      let deep = 'n = 1';
      for (let i = 0; i < 16; i++) deep = `not (n != 1 ${i % 2 ? 'or' : 'and'} n < ${i} or n is null and ${deep})`;
      await expect(index.search({ vector, k: 1, where: deep })).resolves.toBeInstanceOf(Array);
      const nots = `${'not ('.repeat(16)}n = 1${')'.repeat(16)}`;
      expect(await index.search({ vector, k: 1, where: nots })).toHaveLength(1);
      const long = Array.from({ length: 5000 }, (_, i) => `n = ${i}`).join(' or ');
      expect(await index.search({ vector, k: 1, where: long })).toHaveLength(1);
      const list = `n not in (${Array.from({ length: 9000 }, (_, i) => i + 2).join(', ')})`;
      expect(await index.search({ vector, k: 1, where: list })).toHaveLength(1);
      await index.close();
    });

    it('gets a record with its vector normalised, and keeps it apart from the caller', async () => {
      const index = await maker.create('get', 2);
      const vector = Float32Array.of(3, -4);
      const metadata = { price: 1 };
      await index.add([{ id: 'a', vector, title: 't', metadata }]);
      vector.fill(9);
      metadata.price = 2;
      const got = (await index.get('a')) as IndexRecord;
      expect(got).toEqual({ id: 'a', vector: Float32Array.of(0.6, -0.8), title: 't', metadata: { price: 1 } });
      got.vector.fill(0);
      expect((await index.get('a'))?.vector).toEqual(Float32Array.of(0.6, -0.8));
      await index.add([{ ...got, vector: Float32Array.of(0.6003, -0.8004) }]);
      expect((await index.get('a'))?.vector).toBeCloseToArray([0.6, -0.8], { relative: 0, absolute: 1e-7 });
      await index.add([{ ...got, vector: Float32Array.of(0.6, -0.8) }]);
      expect((await index.get('a'))?.vector, 'normalising twice changes nothing').toEqual(Float32Array.of(0.6, -0.8));
      await index.close();
    });

    refusalsOf(maker);
  });
}

function expectHits(hits: readonly SearchHit[], expected: readonly { id: string; score: number }[]): void {
  expect(hits.map(({ id }) => id)).toEqual(expected.map(({ id }) => id));
  expect(hits.map(({ score }) => score)).toBeCloseToArray(
    expected.map(({ score }) => score),
    { relative: 0, absolute: 1e-6 },
  );
}

/** A record with some of the fields of `samples`, and at least a title or an image. */
function randomRecord(random: Random, id: string, dimension: number): IndexRecord {
  const metadata: Record<string, string | number | boolean | null> = { index: random.integer(1000) };
  for (const [field, values] of Object.entries(samples)) {
    const draw = random.integer(values.length + 2);
    if (draw < values.length) metadata[field] = values[draw] ?? null;
    else if (draw === values.length) metadata[field] = null;
  }
  const modalities = random.integer(3);
  return {
    id,
    vector: randomArray(random, [dimension]),
    ...(modalities === 0 ? {} : { title: `title of ${id}` }),
    ...(modalities === 1 ? {} : { image: `/images/${id}.jpg` }),
    metadata,
  };
}
