import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

/** Makes paths in a folder of its own, which goes when the test file is done. */
export function temporaryFolder(): (name: string) => Promise<string> {
  let made: Promise<string> | undefined;
  afterAll(async () => {
    if (made) await rm(await made, { recursive: true, force: true });
  });
  return async (name) => {
    made ??= mkdtemp(join(tmpdir(), "index of 'é' "));
    return join(await made, name);
  };
}
