import { describe, expect, it } from 'vitest';
import type { CatalogueItem, MetadataValue } from '../items.js';
import { groupsByField, groupsByPairs } from './style-groups.js';

const item = (id: string, metadata: Record<string, MetadataValue> = {}): CatalogueItem => ({
  ...{ id, title: id, line: 1, metadata },
});
const pair = (a: string, b: string) => ({ line: 1, item1: item(a), item2: item(b), tag: 1 });
/** Groups as sets of places. */
const sets = (groups: Int32Array) => {
  const places = new Map<number, number[]>();
  groups.forEach((group, i) => {
    if (group >= 0) places.set(group, [...(places.get(group) ?? []), i]);
  });
  return [...places.values()];
};

describe('style groups by fields', () => {
  it('are the items that agree in all of them, and -1 where one is missing or null', () => {
    const items = [
      item('a', { kind: 'shoe', colour: 'red' }),
      item('b', { kind: 'shoe', colour: 'blue' }),
      item('c', { kind: 'shoe', colour: 'red' }),
      item('d', { kind: 'shoe' }),
      item('e', { kind: 'shoe', colour: null }),
    ];
    const groups = groupsByField(items, ['kind', 'colour']);
    expect(sets(groups)).toEqual([[0, 2], [1]]);
    expect([...groups.slice(3)]).toEqual([-1, -1]);
  });

  it('tell numbers from their digits, and fields from each other', () => {
    const items = [item('a', { x: 1, y: '2' }), item('b', { x: '1', y: '2' }), item('c', { x: '1,2', y: '' })];
    expect(sets(groupsByField(items, ['x', 'y']))).toEqual([[0], [1], [2]]);
  });
});

describe('style groups by pairs', () => {
  it('join items also by way of others, of the catalogue or not', () => {
    const items = ['a', 'b', 'c', 'd', 'e', 'f'].map((id) => item(id));
    const { groups, missing } = groupsByPairs(items, [pair('a', 'x'), pair('x', 'c'), pair('d', 'b'), pair('y', 'z')]);
    expect(sets(groups)).toEqual([
      [0, 2],
      [1, 3],
    ]);
    expect([groups[4], groups[5]]).toEqual([-1, -1]);
    expect(missing).toBe(3);
  });
});
