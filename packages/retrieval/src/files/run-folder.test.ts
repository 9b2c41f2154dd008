import { cp, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkRunFolder, claimRunFolder } from './run-folder.js';

let root: string;
let out: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'uniecs-folder-'));
  out = join(root, 'run');
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** Makes files, and folders where a name ends so. */
async function holding(...names: string[]): Promise<void> {
  await rm(out, { recursive: true, force: true });
  await mkdir(out);
  for (const name of names)
    await (name.endsWith('/') ? mkdir(join(out, name), { recursive: true }) : writeFile(join(out, name), 'x'));
}

const start = 'checkpoints/step-00000000/';

describe('the folder of a run that was killed', () => {
  it.each([
    [['run.lock']],
    [['run.lock', 'checkpoints/']],
    [['run.lock', 'checkpoints/step-00000000.0123456789ab.tmp/']],
    [[start]],
    [[start, 'checkpoints/step-00000000-2/', 'tokenizer.json']],
    [[start, 'tokenizer.json', 'config.json.0123456789ab.tmp']],
  ])('before it had begun (%j) is free for it to start anew, and says so where it is resumed', async (names) => {
    await holding(...names);
    await checkRunFolder(out, false);
    await expect(checkRunFolder(out, true)).rejects.toMatchObject({
      code: 'file',
      hint: expect.stringContaining('leave --resume out'),
    });
    const left = join(root, 'copy');
    await cp(out, left, { recursive: true });
    (await claimRunFolder(left, false))();
    expect(await readdir(left)).not.toContain('run.lock');
  });

  it.each([
    [[start, 'tokenizer.json', 'config.json']],
    [['checkpoints/step-00000004/', 'tokenizer.json', 'config.json', 'metrics.jsonl']],
    [['checkpoints/step-00000004/', 'config.json', 'run.lock']],
  ])('later (%j) is resumed, and never started anew', async (names) => {
    await holding(...names);
    await checkRunFolder(out, true);
    await expect(checkRunFolder(out, false)).rejects.toMatchObject({ hint: expect.stringContaining('pass --resume') });
  });

  it.each([[['tokenizer.json']], [['a-file']], [['checkpoints/', 'a-file']], [['config.json', 'tokenizer.json']]])(
    'is not what holds %j: neither is done there',
    async (names) => {
      await holding(...names);
      for (const resume of [false, true])
        await expect(checkRunFolder(out, resume)).rejects.toMatchObject({ code: 'file', where: 'train' });
    },
  );
});
