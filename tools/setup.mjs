// Run before anything is installed: only Node's own modules here.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * @typedef {{ version?: string, integrity?: string, link?: boolean, optional?: boolean, devOptional?: boolean }} LockEntry
 */

/** The repository's root. */
export const ROOT = join(import.meta.dirname, '..');

/**
 * The packages of a lock file.
 * @param {string} path
 * @returns {Record<string, LockEntry> | undefined}
 */
function lockEntries(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).packages : undefined;
}

/**
 * Why node_modules is not what the lock file asks for, or undefined if it is. Content is compared, not times: a clone or a
 * switch of branches sets those anew.
 * @param {string} root
 * @returns {string | undefined}
 */
export function staleness(root) {
  const wanted = lockEntries(join(root, 'package-lock.json'));
  if (!wanted) throw new Error('setup: expected package-lock.json at the root, got none; restore it from git');
  const installed = lockEntries(join(root, 'node_modules', '.package-lock.json'));
  if (!installed) return 'nothing is installed';
  for (const [path, entry] of Object.entries(wanted)) {
    if (!path.includes('node_modules/')) continue;
    const got = installed[path];
    // an optional package may be missing: it is one for another platform
    if (!got && (entry.optional || entry.devOptional)) continue;
    if (!got || !existsSync(join(root, path))) return `${path} is missing`;
    if (got.version !== entry.version || got.integrity !== entry.integrity) return `${path} is another version`;
  }
  return undefined;
}

/**
 * How to start npm: the one that runs this script, else the one on the path.
 * @param {NodeJS.ProcessEnv} env
 * @returns {{ command: string, args: string[], shell: boolean }}
 */
export function npmCommand(env) {
  const script = env.npm_execpath;
  if (script && basename(script) === 'npm-cli.js') return { command: process.execPath, args: [script], shell: false };
  return { command: 'npm', args: [], shell: process.platform === 'win32' };
}

/** Installs what the lock file asks for, unless it is there. Needs Node and npm alone, and runs no install script. */
export function ensureInstalled() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    throw new Error(`setup: expected Node 20.19 or later, got ${process.versions.node}; install a newer Node`);
  }
  const why = staleness(ROOT);
  if (why === undefined) return;
  console.log(`\n$ npm ci --ignore-scripts    (${why})`);
  const { command, args, shell } = npmCommand(process.env);
  const options = ['ci', '--ignore-scripts', '--include=dev', '--include=optional', '--no-audit', '--no-fund'];
  const { status, error } = spawnSync(command, [...args, ...options], { cwd: ROOT, stdio: 'inherit', shell });
  if (error) throw error;
  if (status !== 0) throw new Error(`setup: npm ci ended with ${status}; its output above says why`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) ensureInstalled();
