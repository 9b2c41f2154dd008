import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';

const folder = mkdtempSync(join(tmpdir(), 'software-vulkan-'));
afterAll(() => rmSync(folder, { recursive: true }));
let runs = 0;

/**
 * Runs the script with an apt-get and an id of its own.
 * @param {{ aptGet?: string, user?: number, present?: boolean, env?: Record<string, string>, seconds?: number }} machine
 */
function run({ aptGet = 'exit 1', user = 0, present = false, env = {}, seconds = 20 }) {
  const home = join(folder, String(runs++));
  mkdirSync(join(home, 'bin'), { recursive: true });
  const driver = join(home, 'driver.json');
  const called = join(home, 'called');
  if (present) writeFileSync(driver, '{}');
  const commands = { 'apt-get': `echo "$*" >> ${called}\n${aptGet.replaceAll('DRIVER', driver)}`, id: `echo ${user}` };
  for (const [name, body] of Object.entries(commands)) {
    writeFileSync(join(home, 'bin', name), `#!/usr/bin/env bash\n${body}\n`);
    chmodSync(join(home, 'bin', name), 0o755);
  }
  const { VK_ICD_FILENAMES: _, ...inherited } = process.env;
  const script = join(import.meta.dirname, 'software-vulkan.sh');
  const { status, stdout, stderr } = spawnSync('bash', [script, driver, String(seconds)], {
    env: { ...inherited, PATH: `${join(home, 'bin')}:${process.env.PATH}`, ...env },
    encoding: 'utf8',
  });
  return { status, driver, path: stdout.trim(), said: stderr.trim(), asked: existsSync(called) };
}

describe.skipIf(process.platform === 'win32')('tools/software-vulkan.sh', () => {
  it('takes the driver that VK_ICD_FILENAMES names, or the one that is there, and installs nothing', () => {
    const named = run({ present: true, env: { VK_ICD_FILENAMES: '/some/driver.json' } });
    expect(named).toMatchObject({ status: 0, path: '/some/driver.json', asked: false });
    const there = run({ present: true });
    expect(there).toMatchObject({ status: 0, path: there.driver, asked: false });
  });

  it('installs it where it can', () => {
    const { status, path, driver, said } = run({ aptGet: '[ "$1" = update ] || touch DRIVER' });
    expect({ status, path }).toEqual({ status: 0, path: driver });
    expect(said).toBe('WebGPU tests: on SwiftShader, just installed');
  });

  it.each([
    ['is refused', { aptGet: 'exit 100' }, 'exited with 100'],
    ['hangs', { aptGet: 'sleep 30', seconds: 1 }, 'not installed within 1 s'],
    ['installs something else', { aptGet: 'exit 0' }, 'hold no'],
    ['is not allowed', { user: 1000 }, 'only root'],
  ])('where installing %s it says so in one line, names no driver, and does not fail', (_, machine, reason) => {
    const { status, path, said } = run(machine);
    expect({ status, path }).toEqual({ status: 0, path: '' });
    expect(said).toContain(reason);
    expect(said.split('\n')).toHaveLength(1);
  });
});
