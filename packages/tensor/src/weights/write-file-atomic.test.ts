import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { UniecsError } from '../errors.js';
import { writeFileAtomic } from './write-file-atomic.js';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'uniecs-atomic-'));
  path = join(folder, 'model.bin');
});
afterEach(() => rm(folder, { recursive: true }));

const refused = async (promise: Promise<unknown>) => {
  const error = await promise.catch((error: unknown) => error);
  if (!UniecsError.isInstance(error)) throw new Error(`no UniecsError: ${error}`);
  return error;
};

it('writes text, bytes and chunks, and replaces what was there', async () => {
  await writeFileAtomic(path, 'grün\n');
  expect(await readFile(path, 'utf8')).toBe('grün\n');
  await writeFileAtomic(path, Uint8Array.of(1, 2, 3));
  expect([...(await readFile(path))]).toEqual([1, 2, 3]);
  await writeFileAtomic(path, [Uint8Array.of(4), new Uint8Array(0), Uint8Array.of(9, 5, 9).subarray(1, 2)]);
  expect([...(await readFile(path))]).toEqual([4, 5]);
  await writeFileAtomic(path, '');
  expect(await readFile(path)).toHaveLength(0);
  expect(await readdir(folder)).toEqual(['model.bin']);
});

it('a failure between chunks leaves the old file, whole, and no temporary one', async () => {
  await writeFileAtomic(path, 'old');
  function* failing() {
    yield new Uint8Array(100_000);
    throw new Error('no more');
  }
  const error = await refused(writeFileAtomic(path, failing()));
  expect(error.message).toBe(
    `writeFileAtomic: expected to write ${path}, got no more; ` +
      'check free space and permissions; the previous file, if any, is unchanged',
  );
  expect(error).toMatchObject({ code: 'file', details: { path } });
  expect(await readFile(path, 'utf8')).toBe('old');
  expect(await readdir(folder)).toEqual(['model.bin']);
});

it("an error of the content's own comes through as it is", async () => {
  const own = new UniecsError({ code: 'data', where: 'f', expected: 'a', got: 'b', hint: 'c' });
  function* failing(): Generator<Uint8Array> {
    yield new Uint8Array(10);
    throw own;
  }
  expect(await refused(writeFileAtomic(path, failing()))).toBe(own);
  expect(await readdir(folder)).toEqual([]);
});

it('names a folder that is missing, and a path that is a folder', async () => {
  expect((await refused(writeFileAtomic(join(folder, 'no', 'x'), 'x'))).got).toContain('ENOENT');
  await mkdir(path);
  await writeFile(join(path, 'kept'), '');
  expect((await refused(writeFileAtomic(path, 'x'))).code).toBe('file');
  expect(await readdir(folder)).toEqual(['model.bin']);
  expect(await readdir(path)).toEqual(['kept']);
});

it('a reader sees one version or the other while it is rewritten, and writers at once do not meet', async () => {
  const version = (letter: string) => letter.repeat(300_000);
  await writeFileAtomic(path, version('a'));
  let writing = true;
  const seen = new Set<string>();
  const reader = (async () => {
    while (writing) {
      const text = await readFile(path, 'utf8');
      expect(text).toBe(version(text[0] as string));
      seen.add(text[0] as string);
    }
  })();
  for (let round = 0; round < 10; round++)
    await Promise.all(['b', 'c'].map((letter) => writeFileAtomic(path, version(letter))));
  writing = false;
  await reader;
  expect(seen.size).toBeGreaterThan(0);
  expect(await readdir(folder)).toEqual(['model.bin']);
});

// The shell's limit makes the system refuse a write in the middle, as a full disk does.
it.skipIf(process.platform === 'win32')('a write that the system refuses leaves the old file', async () => {
  const script = join(folder, 'script.mjs');
  await build({
    stdin: {
      contents: `import { writeFileAtomic } from './write-file-atomic.ts';
        await writeFileAtomic(process.argv[2], new Uint8Array(1_000_000)).then(
          () => console.log('written'),
          ({ code, got, cause }) => console.log(JSON.stringify({ code, got, system: cause.code })));`,
      resolveDir: import.meta.dirname,
    },
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile: script,
  });
  await writeFileAtomic(path, 'old');
  const run = (limit: string) =>
    execFileSync('sh', ['-c', `${limit} exec "$0" "$@"`, process.execPath, script, path], { encoding: 'utf8' }).trim();
  expect(JSON.parse(run('ulimit -f 64;'))).toMatchObject({ code: 'file', system: 'EFBIG' });
  expect(await readFile(path, 'utf8')).toBe('old');
  expect((await readdir(folder)).sort()).toEqual(['model.bin', 'script.mjs']);
  expect(run('')).toBe('written');
  expect(await readFile(path)).toHaveLength(1_000_000);
});
