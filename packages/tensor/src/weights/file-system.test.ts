import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { UniecsError } from '../errors.js';
import { type FileSystem, makeFolder, nodeFileSystem, syncFolder, writeSynced } from './file-system.js';
import { writeFileAtomic } from './write-file-atomic.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'uniecs-file-system-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** Notes every call, and refuses that of a number. */
function refusing(call: number, code: string) {
  const calls: string[] = [];
  const tell = async <T>(name: string, path: string, act: () => Promise<T>): Promise<T> => {
    calls.push(`${name} ${path.replace(folder, '').replace(/\.[0-9a-f]{12}\.tmp/, '.tmp')}`);
    if (calls.length - 1 === call) throw Object.assign(new Error(`${code}: refused`), { code });
    return act();
  };
  const fileSystem: FileSystem = {
    open: (path, flags) =>
      tell(`open ${flags}`, path, async () => {
        const file = await nodeFileSystem.open(path, flags);
        return {
          stat: () => tell('stat', path, () => file.stat()),
          read: (...where) => tell('read', path, () => file.read(...where)),
          write: (...what) => tell('write', path, () => file.write(...what)),
          sync: () => tell('sync', path, () => file.sync()),
          // A file whose closing is refused is closed all the same.
          close: () => file.close().then(() => tell('close', path, async () => {})),
        };
      }),
    rename: (from, to) => tell('rename', from, () => nodeFileSystem.rename(from, to)),
    mkdir: (path, options) => tell('mkdir', path, () => nodeFileSystem.mkdir(path, options)),
    rm: (path, options) => tell('rm', path, () => nodeFileSystem.rm(path, options)),
    readdir: (path) => tell('readdir', path, () => nodeFileSystem.readdir(path)),
  };
  return { fileSystem, calls };
}

it('an atomic write syncs the file before the rename and the folder behind it', async () => {
  const { fileSystem, calls } = refusing(-1, '');
  await writeFileAtomic(join(folder, 'a'), 'text', { fileSystem });
  expect(calls).toEqual([
    'open wx /a.tmp',
    'write /a.tmp',
    'sync /a.tmp',
    'close /a.tmp',
    'rename /a.tmp',
    'open r ',
    'sync ',
    'close ',
  ]);
});

it.each(['ENOSPC', 'EIO', 'EACCES'])(
  'an atomic write whose any call is refused with %s leaves the old file or the new',
  async (code) => {
    const path = join(folder, 'a');
    for (let call = 0; call < 8; call++) {
      await writeFileAtomic(path, 'old');
      const { fileSystem } = refusing(call, code);
      const error = await writeFileAtomic(path, 'new', { fileSystem }).catch((reason: unknown) => reason);
      if (!UniecsError.isInstance(error)) throw new Error(`call ${call}: ${error}`);
      expect(error).toMatchObject({ code: 'file', got: `${code}: refused`, details: { path } });
      // From the rename on, the new one is in place; whether it outlasts a power cut is what failed.
      expect(await readFile(path, 'utf8')).toBe(call < 5 ? 'old' : 'new');
      expect(error.message).toContain(call < 5 ? 'is unchanged' : 'may not outlast a power cut');
      expect(await readdir(folder)).toEqual(['a']);
    }
  },
);

it('a folder that a system cannot sync is let pass, a disk that fails is not', async () => {
  for (const code of ['EINVAL', 'ENOTSUP', 'EISDIR', 'EPERM']) {
    for (const call of [0, 1]) await syncFolder(folder, refusing(call, code).fileSystem);
  }
  for (const code of ['EIO', 'ENOSPC', 'EACCES']) {
    for (const call of [0, 1]) await expect(syncFolder(folder, refusing(call, code).fileSystem)).rejects.toThrow(code);
  }
});

it('a folder is made with those above it, and each that holds a new one is synced', async () => {
  const { fileSystem, calls } = refusing(-1, '');
  await makeFolder(join(folder, 'a/b'), fileSystem);
  expect(calls.filter((call) => call.startsWith('sync'))).toEqual(['sync /a', 'sync ']);
  await makeFolder(join(folder, 'a/b'), fileSystem);
  expect(await readdir(join(folder, 'a'))).toEqual(['b']);
});

it('a synced write does not write over a file, and goes on where the system takes a part', async () => {
  const path = join(folder, 'a');
  const slow: FileSystem = {
    ...nodeFileSystem,
    open: async (at, flags) => {
      const file = await nodeFileSystem.open(at, flags);
      return {
        stat: () => file.stat(),
        read: (...where) => file.read(...where),
        write: (bytes, offset, length) => file.write(bytes, offset, Math.min(length, 3)),
        sync: () => file.sync(),
        close: () => file.close(),
      };
    },
  };
  await writeSynced(path, [Buffer.from('0123456789'), Buffer.from('ab')], slow);
  expect(await readFile(path, 'utf8')).toBe('0123456789ab');
  await expect(writeSynced(path, [])).rejects.toThrow('EEXIST');
});
