import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { UniecsError } from '@uniecs/tensor';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ImageStore, type ImageStoreOptions, imageDigest, openImageStore } from './image-store.js';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'uniecs-store-'));
});
afterEach(async () => {
  await chmod(folder, 0o700);
  await rm(folder, { recursive: true });
});

const size = 4;
const recordBytes = 36 + size * size * 3;
const digestOf = (n: number) => imageDigest(Uint8Array.of(n, n >> 8));
const pixelsOf = (n: number) => Uint8Array.from({ length: size * size * 3 }, (_, i) => (i * 7 + n) % 256);
const open = (options: Partial<ImageStoreOptions> = {}) => openImageStore({ folder, size, ...options });
const addAll = (store: ImageStore, count: number, from = 0) => {
  for (let n = from; n < from + count; n++) store.add(digestOf(n), pixelsOf(n));
};
/** Which of 0 to count - 1 a store gives, each as it was put in. */
const heldBy = (store: ImageStore, count: number) =>
  Array.from({ length: count }, (_, n) => n).filter((n) => {
    const found = store.find(digestOf(n));
    if (found) expect(found).toEqual(pixelsOf(n));
    return found !== undefined;
  });
const all = (count: number, from = 0) => Array.from({ length: count }, (_, n) => from + n);
/** Bytes of images on the disk. */
const bytesHeld = () => files('.images').reduce((sum, file) => sum + statSync(file).size, 0);
/** The files of the store, by ending. */
const files = (ending: string) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => join(folder, name));
const only = (ending: string) => {
  const [file, ...more] = files(ending);
  if (!file || more.length > 0) throw new Error(`${1 + more.length} files`);
  return file;
};

describe('openImageStore', () => {
  it('gives what was put in, now and opened again, and writes nothing twice', () => {
    const store = open();
    addAll(store, 7);
    addAll(store, 7);
    expect(heldBy(store, 9)).toEqual(all(7));
    store.close();
    expect(statSync(only('.images')).size).toBe(7 * recordBytes);
    const again = open();
    expect(heldBy(again, 9)).toEqual(all(7));
    addAll(again, 9);
    expect(heldBy(again, 9)).toEqual(all(9));
    again.close();
    expect(statSync(files('.images')[0] as string).size + statSync(files('.images')[1] as string).size).toBe(
      9 * recordBytes,
    );
  });

  it('two that write at once get in each other’s way in nothing', () => {
    const [one, other] = [open(), open()];
    addAll(one, 5);
    addAll(other, 5, 3);
    for (const store of [one, other]) store.close();
    const later = open();
    expect(heldBy(later, 10)).toEqual(all(8));
    later.close();
  });

  it('keeps images of another size or fit apart', () => {
    const store = open();
    addAll(store, 2);
    const [larger, covered] = [open({ size: 5 }), open({ fit: 'cover' })];
    expect(larger.find(digestOf(0))).toBeUndefined();
    expect(covered.find(digestOf(0))).toBeUndefined();
    for (const each of [store, larger, covered]) each.close();
  });

  it.each([
    ['a flipped bit of a pixel', '.images', 2 * recordBytes + 36 + 11, [0, 1, 3, 4]],
    ['a flipped bit of a checksum', '.images', 2 * recordBytes + 33, [0, 1, 3, 4]],
    ['a flipped bit of a digest', '.images', 2 * recordBytes + 5, [0, 1, 3, 4]],
    ['a flipped bit of the index', '.index', 2 * 36 + 5, [0, 1, 3, 4]],
  ])('does not give a record with %s, and keeps it anew', (_, ending, at, rest) => {
    const store = open();
    addAll(store, 5);
    store.close();
    const file = only(ending);
    const bytes = readFileSync(file);
    bytes[at] = (bytes[at] as number) ^ 4;
    writeFileSync(file, bytes);
    const damaged = open();
    expect(heldBy(damaged, 5)).toEqual(rest);
    addAll(damaged, 5);
    expect(heldBy(damaged, 5)).toEqual(all(5));
    damaged.close();
    const mended = open();
    expect(heldBy(mended, 5)).toEqual(all(5));
    mended.close();
  });

  it('gives whole records alone of files that end anywhere', () => {
    const store = open();
    addAll(store, 4);
    store.close();
    const whole = readFileSync(only('.images'));
    const index = readFileSync(only('.index'));
    for (let cut = 0; cut <= whole.length; cut += 13) {
      writeFileSync(only('.images'), whole.subarray(0, cut));
      const torn = open();
      expect(heldBy(torn, 4)).toEqual(all(Math.floor(cut / recordBytes)));
      torn.close();
    }
    writeFileSync(only('.images'), whole);
    for (let cut = 0; cut <= index.length; cut += 5) {
      writeFileSync(only('.index'), index.subarray(0, cut));
      const torn = open();
      expect(heldBy(torn, 4)).toEqual(all(Math.floor(cut / 36)));
      torn.close();
    }
  });

  it('notices files that are cut or removed while it is open', () => {
    const store = open();
    addAll(store, 3);
    truncateSync(only('.images'), recordBytes + 5);
    expect(heldBy(store, 3)).toEqual([0]);
    store.close();
    const later = open();
    for (const file of [only('.images'), only('.index')]) rmSync(file);
    expect(heldBy(later, 3)).toEqual([]);
    later.close();
  });

  it('an index that goes while the folder is read, or that is none, is passed over', () => {
    const store = open();
    addAll(store, 3);
    store.close();
    const inside = join(folder, readdirSync(folder)[0] as string);
    // As seen by a reader that lists the folder before another process makes room: a name, and nothing behind it.
    symlinkSync(join(inside, 'removed'), join(inside, '0-gone.index'));
    mkdirSync(join(inside, '0-folder.index'));
    const later = open();
    expect(heldBy(later, 4)).toEqual(all(3));
    later.close();
  });

  it.skipIf(process.getuid?.() === 0)(
    'an index of another user is passed over, a folder that is unreadable is not',
    () => {
      const store = open();
      addAll(store, 1);
      store.close();
      const inside = join(folder, readdirSync(folder)[0] as string);
      chmodSync(only('.index'), 0);
      const later = open();
      expect(heldBy(later, 1)).toEqual([]);
      later.close();
      chmodSync(inside, 0o300);
      expect(open).toThrow(/a folder for decoded images/);
      chmodSync(inside, 0o700);
    },
  );

  it('makes room beside files that cannot be removed, and says so where they are too many', () => {
    const options = { fileBytes: 2 * recordBytes, maxBytes: 6 * recordBytes };
    const old = open(options);
    addAll(old, 2);
    old.close();
    const inside = join(folder, readdirSync(folder)[0] as string);
    // A folder is removed by no rm of a file.
    mkdirSync(join(inside, 'stuck.images'));
    for (const file of files('.images')) utimesSync(file, 1000, 1000);
    const stuck = statSync(join(inside, 'stuck.images')).size;
    const roomy = { ...options, maxBytes: options.maxBytes + stuck };
    const used = open(roomy);
    addAll(used, 6, 10);
    expect(used.fault).toBeUndefined();
    used.close();
    const narrow = open({ ...options, maxBytes: stuck });
    narrow.add(digestOf(30), pixelsOf(30));
    expect(narrow.fault?.message).toContain(`${stuck} of them in files that cannot be removed`);
    narrow.close();
  });

  it.each([1, 2, 3, 5])(
    '%i stores of a group stay below their bound together, and leave each other what they wrote',
    (stores) => {
      const options = { fileBytes: 10 * recordBytes, maxBytes: 40 * recordBytes, group: { name: 'run-1', stores } };
      const group = Array.from({ length: stores }, () => open(options));
      const before = open();
      addAll(before, 20, 1000);
      before.close();
      let most = 0;
      for (let n = 0; n < 120; n++) {
        (group[n % stores] as ImageStore).add(digestOf(n), pixelsOf(n));
        most = Math.max(most, bytesHeld());
      }
      expect(most).toBeLessThanOrEqual(40 * recordBytes);
      // What was there before went, what they wrote first is all there, and each says that it keeps no more.
      for (const store of group) expect(store.fault?.message).toContain('of this run alone');
      const held = group.flatMap((store) => heldBy(store, 120));
      expect(held.length).toBeGreaterThanOrEqual(30);
      expect(bytesHeld()).toBe(held.length * recordBytes);
      for (const store of group) store.close();
    },
  );

  it('refuses a group that no file can be named by, and one of no store', () => {
    for (const group of [
      { name: '../a', stores: 1 },
      { name: 'a', stores: 0 },
    ]) {
      expect(() => open({ group })).toThrow(/a group with a name of letters/);
    }
  });

  it('stays below its bound: whole files go, those used longest ago first', () => {
    const options = { fileBytes: 2 * recordBytes, maxBytes: 8 * recordBytes };
    const old = open(options);
    addAll(old, 6);
    old.close();
    files('.images').forEach((file) => {
      utimesSync(file, 1000, 1000);
    });
    const used = open(options);
    const kept = [0, 1, 2, 3, 4, 5].filter((n) => n === 2 && used.find(digestOf(n)));
    expect(kept).toEqual([2]);
    addAll(used, 6, 10);
    used.close();
    expect(bytesHeld()).toBeLessThanOrEqual(8 * recordBytes);
    const later = open(options);
    expect(heldBy(later, 6)).toContain(2);
    expect(heldBy(later, 16).filter((n) => n >= 10)).toEqual(all(6, 10));
    later.close();
  });

  it('keeps no more than its bound where it has to keep all of it, says so, and goes on giving', () => {
    const store = open({ fileBytes: 2 * recordBytes, maxBytes: 6 * recordBytes });
    addAll(store, 12);
    expect(store.fault).toMatchObject({ code: 'file' });
    expect(store.fault?.message).toContain('of this run alone');
    const held = heldBy(store, 12);
    expect(held).toEqual(all(held.length));
    expect(held.length).toBeGreaterThanOrEqual(4);
    expect(held.length).toBeLessThanOrEqual(6);
    store.close();
  });

  it('where nothing can be written, says why and goes on; a folder that cannot be made is an error', () => {
    const store = open();
    addAll(store, 1);
    store.close();
    const inside = join(folder, readdirSync(folder)[0] as string);
    const again = open();
    rmSync(inside, { recursive: true });
    again.add(digestOf(9), pixelsOf(9));
    expect(again.fault?.message).toMatch(/ENOENT/);
    again.close();
    writeFileSync(join(folder, 'file'), '');
    const make = () => open({ folder: join(folder, 'file') });
    expect(make).toThrow(UniecsError);
    expect(make).toThrow(/a folder for decoded images/);
  });
});
