import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ensureInstalled, npmCommand, ROOT } from './setup.mjs';

/** Settings under which every tool here runs: none of them reports anything to anyone. */
const QUIET = {
  TURBO_TELEMETRY_DISABLED: '1',
  TURBO_NO_UPDATE_NOTIFIER: '1',
  DO_NOT_TRACK: '1',
  ONNXRUNTIME_NODE_INSTALL: 'skip',
};

/** The package.json of the `uniecs` command. */
export const CLI = join(ROOT, 'packages', 'cli', 'package.json');

/**
 * The commands of a package by name.
 * @param {string} manifest path of its package.json
 * @returns {{ name: string, bin: Record<string, string> }}
 */
function readCommands(manifest) {
  const { name, bin = {} } = JSON.parse(readFileSync(manifest, 'utf8'));
  return { name, bin: typeof bin === 'string' ? { [name.split('/').at(-1)]: bin } : bin };
}

/**
 * Runs a command of a package at the root, says so, and waits for it.
 * @param {string} manifest path of the package.json that has the command
 * @param {string} command
 * @param {readonly string[]} args
 * @param {string} [prefix] what a reader types before it
 * @returns {number} its exit code
 */
export function runCommand(manifest, command, args, prefix = '') {
  const script = readCommands(manifest).bin[command];
  if (script === undefined) throw new Error(`runCommand: expected a command ${command} in ${manifest}, got none`);
  console.log(`\n$ ${prefix}${[command, ...args].map(quoted).join(' ')}`);
  // Ctrl-C reaches the command itself, which ends as it sees fit; this process waits for its exit code
  const stay = () => {};
  process.on('SIGINT', stay);
  const options = { cwd: ROOT, stdio: /** @type {const} */ ('inherit'), env: { ...process.env, ...QUIET } };
  const { status, signal, error } = spawnSync(process.execPath, [join(dirname(manifest), script), ...args], options);
  process.off('SIGINT', stay);
  if (error) throw error;
  return status ?? (signal === 'SIGINT' ? 130 : 1);
}

/**
 * An argument as a shell takes it.
 * @param {string} argument
 */
export const quoted = (argument) =>
  /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`;

/**
 * Runs the command of an installed tool at the root and waits for it.
 * @param {string} tool the package's name, and the command's
 * @param {readonly string[]} args
 * @returns {number} its exit code
 */
export function runTool(tool, args) {
  return runCommand(join(ROOT, 'node_modules', tool, 'package.json'), tool, args, 'npx ');
}

/**
 * Installs what is missing and builds every package that changed.
 * @returns {number} exit code
 */
export function build() {
  ensureInstalled();
  const status = runTool('turbo', ['run', 'build']);
  if (status === 0) linkCommands(CLI);
  return status;
}

/**
 * Links a package's commands into node_modules/.bin: npm does it while it installs, but only for files that are built.
 * @param {string} manifest
 */
function linkCommands(manifest) {
  const { name, bin } = readCommands(manifest);
  if (Object.keys(bin).every((command) => existsSync(join(ROOT, 'node_modules', '.bin', command)))) return;
  const { command, args, shell } = npmCommand(process.env);
  const rebuild = [...args, 'rebuild', name, '--ignore-scripts', '--silent'];
  const { status, error } = spawnSync(command, rebuild, { cwd: ROOT, stdio: ['ignore', 'ignore', 'inherit'], shell });
  if (error) throw error;
  if (status !== 0) throw new Error(`linkCommands: npm rebuild ${name} ended with ${status}`);
}
