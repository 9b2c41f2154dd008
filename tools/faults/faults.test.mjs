import { afterAll, describe, expect, it } from 'vitest';
import { damaging, neverSynced, renamedBeforeSynced, unverified } from './altered-file-systems.mjs';
import { fillDisk, smallDisk } from './full-disk.mjs';
import { cutPowerEverywhere } from './power-cuts.mjs';
import { killAtRandom } from './random-kills.mjs';
import { refuseEverywhere } from './refusals.mjs';
import { crashStates, diskOf, fileSystemOf } from './simulated-disk.mjs';
import { canTrace, killAtSystemCalls } from './system-call-kills.mjs';

describe('the simulated disk', () => {
  it('loses what is not synced, name by name, and keeps what is', async () => {
    const disk = diskOf({});
    if (disk.kind !== 'folder') throw new Error('no folder');
    const fileSystem = fileSystemOf(disk);
    const file = await fileSystem.open('/a', 'wx');
    await file.write(Buffer.from('abcd'), 0, 4);
    const texts = () => new Set([...crashStates(disk)].map((image) => ('a' in image ? String(image.a) : 'none')));
    expect(texts()).toEqual(new Set(['none', '', '97,98', '97,98,0,0', '97,98,99,100']));
    await file.sync();
    expect(texts()).toEqual(new Set(['none', '97,98,99,100']));
    await (await fileSystem.open('/', 'r')).sync();
    expect(texts()).toEqual(new Set(['97,98,99,100']));
    await fileSystem.rename('/a', '/b');
    expect([...crashStates(disk)].map((image) => Object.keys(image))).toEqual([['a'], ['b']]);
    await fileSystem.rm('/b', { recursive: true, force: true });
    expect([...crashStates(disk)].map((image) => Object.keys(image))).toEqual([['a'], ['b'], ['a'], []]);
  });
});

describe('a power cut before any storage call of a save', { timeout: 120_000 }, () => {
  it.each([1, 2])('leaves a checkpoint that loads, the newest or the one before, keeping %d', async (keepLast) => {
    const { calls, states, violations } = await cutPowerEverywhere({ keepLast });
    expect(violations).toEqual([]);
    expect(calls).toBeGreaterThan(200);
    expect(states).toBeGreaterThan(300);
  });

  it('is found to leave torn checkpoints where files are renamed before they are synced', async () => {
    const { violations } = await cutPowerEverywhere({ saving: renamedBeforeSynced });
    expect(violations.join()).toMatch(/step-\d+ is there and torn/);
  });

  it('is found to let torn arrays load where they are not verified either', async () => {
    const faults = { saving: renamedBeforeSynced, loading: unverified };
    const { violations } = await cutPowerEverywhere({ ...faults, most: Number.POSITIVE_INFINITY });
    expect(violations.join()).toMatch(/what loads as save \d is torn/);
  });

  it('is found to lose saves where nothing is synced', async () => {
    const { violations } = await cutPowerEverywhere({ saving: neverSynced, most: 400 });
    expect(violations.join()).toContain('ended: nothing loads');
  });

  it('is found to leave nothing where a save does not look at what it wrote', async () => {
    const { violations } = await cutPowerEverywhere({ saving: (inner) => damaging(inner, { seen: false }) });
    expect(violations.join()).toContain('nothing loads');
  });
});

it('a save of which the system refuses any storage call fails clearly, and what was there before loads', {
  timeout: 120_000,
}, async () => {
  const { calls, refused, violations } = await refuseEverywhere();
  expect(violations).toEqual([]);
  expect(calls).toBeGreaterThan(200);
  expect(refused).toBeGreaterThan(1000);
});

const disk = smallDisk();
afterAll(() => disk?.unmount());
it.skipIf(!disk)('a save on a full disk fails clearly, and what was there before loads', async () => {
  const { refused, violations } = await fillDisk(disk?.folder ?? '');
  expect(violations).toEqual([]);
  expect(refused).toBeGreaterThan(2);
});

describe('a process that is killed', { timeout: 120_000 }, () => {
  it('at random times goes on from its newest checkpoint, with what that step had', async () => {
    const { kills, violations } = await killAtRandom({ kills: 12 });
    expect(violations).toEqual([]);
    expect(kills).toBe(12);
  });

  it('at random times is found to leave torn checkpoints where they are written in place', async () => {
    const { violations } = await killAtRandom({ kills: 60, fault: 'in-place', most: 1 });
    expect(violations.join()).toContain('is there and torn');
  });

  it.skipIf(!canTrace())('at any fsync goes on from its newest checkpoint', async () => {
    const { kills, violations } = await killAtSystemCalls({ names: ['fsync'] });
    expect(violations).toEqual([]);
    expect(kills).toBeGreaterThan(5);
  });
});
