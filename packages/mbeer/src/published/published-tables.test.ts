import { describe, expect, it } from 'vitest';
import { tasks } from '../tasks.js';
import { type PublishedTasks, publishedTables } from './published-tables.js';

const { metrics, methods, table1, table3, table4, notes } = publishedTables;
const nine = tasks.map(({ name }) => name);
const names = ['CLIP_SF', 'CLIP_FF', 'BLIP_SF', 'BLIP_FF', 'BGE-VL-large', 'GME-Qwen2VL', 'MM-Embed', 'UniECS'];

/** Every cell with its address. */
function cells(table: string, rows: PublishedTasks) {
  return Object.entries(rows).flatMap(([task, byMethod]) =>
    Object.entries(byMethod).flatMap(([method, recall]) =>
      recall.map((value, i) => ({ at: `${table} ${task} ${method} ${metrics[i]}`, value })),
    ),
  );
}

/** Where the columns of a row do not rise with K, both being known. */
function falling(table: string, rows: PublishedTasks): string[] {
  return Object.entries(rows).flatMap(([task, byMethod]) =>
    Object.entries(byMethod).flatMap(([method, recall]) => {
      const known = recall.filter((value) => value !== null);
      return known.every((value, i) => i === 0 || value >= (known[i - 1] as number))
        ? []
        : `${table} ${task} ${method}`;
    }),
  );
}

const all: readonly (readonly [string, PublishedTasks])[] = [
  ['table1.mbeer', table1.mbeer],
  ['table1.esspr', table1.esspr],
  ['table3.fashion200k', table3.fashion200k],
  ['table3.fashioniq', table3.fashioniq],
  ['table4', table4],
];

describe('the published tables', () => {
  it('have nine tasks by eight methods in Table 1, with width and size of each', () => {
    expect(Object.keys(methods)).toEqual(names);
    for (const bench of [table1.mbeer, table1.esspr]) {
      expect(Object.keys(bench)).toEqual(nine);
      for (const rows of Object.values(bench)) expect(Object.keys(rows)).toEqual(names);
    }
    expect(names.map((name) => [methods[name]?.dimension, methods[name]?.size])).toEqual([
      [768, '0.4B'],
      [768, '0.4B'],
      [768, '0.9B'],
      [768, '0.9B'],
      [768, '0.4B'],
      [1536, '2B'],
      [4096, '8B'],
      [256, '0.2B'],
    ]);
  });

  it('have three tasks by eight methods in Table 3, and nine by five arms in Table 4', () => {
    expect([Object.keys(table3.fashion200k), Object.keys(table3.fashioniq)]).toEqual([['t->v', 'v->t'], ['vt->v']]);
    for (const rows of Object.values({ ...table3.fashion200k, ...table3.fashioniq })) {
      expect(Object.keys(rows)).toEqual(names);
    }
    expect(Object.keys(table4)).toEqual(nine);
    const arms = ['UniECS', 'w/o CMAL', 'w/o CLAL', 'w/o IMCL', 'w/o gating'];
    for (const rows of Object.values(table4)) expect(Object.keys(rows)).toEqual(arms);
  });

  it('hold two decimals from 0 to 1, three in a row', () => {
    const found = all.flatMap(([table, rows]) => cells(table, rows));
    expect(found).toHaveLength((9 * 8 * 2 + 3 * 8 + 9 * 5) * 3);
    for (const { at, value } of found) {
      if (value === null) continue;
      expect(value >= 0 && value <= 1 && Number(value.toFixed(2)) === value, `${at}: ${value}`).toBe(true);
    }
  });

  it('rise from R@1 to R@5 to R@10 wherever the cells are known', () => {
    expect(all.flatMap(([table, rows]) => falling(table, rows))).toEqual([]);
    // Null control: what the text has where we have nothing.
    const garbled = { 'vt->v': { 'GME-Qwen2VL': [0.5, 0.75, 0.43] } };
    expect(falling('table1.mbeer', garbled)).toEqual(['table1.mbeer vt->v GME-Qwen2VL']);
  });

  it('have a note for each cell that is missing, and no note of a cell that is there', () => {
    const missing = all.flatMap(([table, rows]) =>
      cells(table, rows).flatMap(({ at, value }) => (value === null ? at : [])),
    );
    const noted = notes.flatMap((note) =>
      note.missing.map((cell) => `${note.table} ${note.task} ${note.method} ${cell}`),
    );
    expect([...noted].sort()).toEqual([...missing].sort());
    expect(new Set(noted).size).toBe(noted.length);
    for (const { note } of notes) expect(note).toMatch(/\.$/);
    expect(missing.length).toBeLessThan(40);
  });

  it('leave empty what is known to be garbled, and say what stands elsewhere', () => {
    const noteOf = (table: string, task: string, method: string) =>
      notes.find((note) => note.table === table && note.task === task && note.method === method)?.note;
    expect(table1.mbeer['t->v']?.UniECS).toEqual([0.36, null, 0.85]);
    expect(noteOf('table1.mbeer', 't->v', 'UniECS')).toContain('Table 4 has 0.74');
    expect(table1.mbeer['vt->v']?.['GME-Qwen2VL']).toEqual([0.5, 0.75, null]);
    expect(noteOf('table1.mbeer', 'vt->v', 'GME-Qwen2VL')).toContain('the prose has 0.82');
    expect(table1.mbeer['t->v']?.BLIP_FF).toEqual([null, null, null]);
    expect(publishedTables.figure6).toBeNull();
  });

  it("the full model of Table 4 is UniECS of Table 1's M-BEER", () => {
    for (const task of nine) {
      table1.mbeer[task]?.UniECS?.forEach((value, i) => {
        if (value !== null) expect(table4[task]?.UniECS?.[i], task).toBe(value);
      });
    }
  });

  it('say what the prose of the paper says', () => {
    const at10 = (bench: PublishedTasks, task: string, method: string) => bench[task]?.[method]?.[2];
    const { mbeer, esspr } = table1;
    expect(at10(mbeer, 'v->v', 'BLIP_SF')).toBe(0.94);
    expect([at10(mbeer, 't->v', 'UniECS'), at10(mbeer, 't->v', 'GME-Qwen2VL')]).toEqual([0.85, 0.57]);
    expect([at10(mbeer, 'v->t', 'UniECS'), at10(mbeer, 'v->t', 'GME-Qwen2VL')]).toEqual([0.87, 0.6]);
    expect([at10(esspr, 't->t', 'GME-Qwen2VL'), at10(esspr, 't->t', 'MM-Embed')]).toEqual([0.92, 0.89]);
    expect([at10(esspr, 'vt->t', 'UniECS'), at10(esspr, 'vt->t', 'GME-Qwen2VL')]).toEqual([0.95, 0.94]);
    expect([at10(table3.fashion200k, 't->v', 'BLIP_FF'), at10(table3.fashion200k, 't->v', 'GME-Qwen2VL')]).toEqual([
      0.25, 0.25,
    ]);
    expect(table4['v->v']?.['w/o gating']?.[0]).toBe(0.12);
    expect(table4['t->t']?.['w/o IMCL']?.[0]).toBe(0.48);
  });
});
