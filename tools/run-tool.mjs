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
 * Runs a Node script at the root and waits for it.
 * @param {string} script
 * @param {readonly string[]} args
 * @returns {number} its exit code
 */
export function runNode(script, args) {
  const options = { cwd: ROOT, stdio: /** @type {const} */ ('inherit'), env: { ...process.env, ...QUIET } };
  const { status, signal, error } = spawnSync(process.execPath, [script, ...args], options);
  if (error) throw error;
  return status ?? (signal === 'SIGINT' ? 130 : 1);
}

/**
 * Runs the command of an installed tool at the root and waits for it.
 * @param {string} tool the package's name, and the command's
 * @param {readonly string[]} args
 * @returns {number} its exit code
 */
export function runTool(tool, args) {
  const manifest = join(ROOT, 'node_modules', tool, 'package.json');
  const script = readCommands(manifest).bin[tool];
  if (script === undefined) throw new Error(`runTool: expected a command ${tool} in ${manifest}, got none`);
  console.log(`\n$ ${tool} ${args.join(' ')}`);
  return runNode(join(dirname(manifest), script), args);
}

/**
 * Installs what is missing and builds every package that changed.
 * @returns {number} exit code
 */
export function build() {
  ensureInstalled();
  const status = runTool('turbo', ['run', 'build']);
  if (status === 0) linkCommands(join(ROOT, 'packages', 'cli', 'package.json'));
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
  const { status, error } = spawnSync(command, rebuild, { cwd: ROOT, stdio: 'inherit', shell });
  if (error) throw error;
  if (status !== 0) throw new Error(`linkCommands: npm rebuild ${name} ended with ${status}`);
}
