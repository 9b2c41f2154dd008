import { parseArgs } from 'node:util';
import { ROOT } from '../setup.mjs';

export const help = `npm run bench -- [options]
  --only LIST       of products, step, encode, profile, growth, tfjs (default products,step,encode)
  --sizes LIST      of tiny, small, base (default tiny)
  --preset NAME     recommended (default) or paper: the loss terms
  --pairs N         pairs a step (default 96; base 4)
  --micro N         pairs that the encoders take at a time (default all)
  --items N         items a pass of the encoding (default 64; base 8)
  --rounds N        timed steps of each side, interleaved (default 9)
  --device NAME     where ours runs: cpu (default), webgpu or cuda; PyTorch then runs on cuda, where it sees one; not with
                    profile, growth, tfjs and --publish
  --python PATH     the Python with PyTorch (default python3; none for none)
  --no-compile      leaves torch.compile out
  --full-passes     PyTorch also without the shortcuts, as the equations stand
  --tfjs FOLDER     whose node_modules has @tensorflow/tfjs-node or tfjs-backend-wasm (default the repository)
  --json FILE       writes the results
  --publish         all that docs/ shows: results, tables and chart (up to 20 minutes); --only and --sizes refresh a part
  --help`;

const sections = ['products', 'step', 'encode', 'profile', 'growth', 'tfjs'];
const onAnyDevice = ['products', 'step', 'encode'];
const sizes = ['tiny', 'small', 'base'];

/** A mistake in the arguments. */
export class UsageError extends Error {}

/**
 * @typedef {{
 *   only: string[], sizes: import('./case.mjs').Size[], preset: import('./case.mjs').Preset, device: string, pairs?: number, micro?: number,
 *   items?: number, rounds: number, python?: string, compile: boolean, fullPasses: boolean, json?: string, tfjs: string, publish: boolean,
 *   help: boolean,
 * }} Options
 */

/**
 * The options of the command line.
 * @param {string[]} args
 * @returns {Options}
 * @throws {UsageError} naming what is wrong
 */
export function readOptions(args) {
  const text = /** @type {const} */ ({ type: 'string' });
  const flag = /** @type {const} */ ({ type: 'boolean', default: false });
  const names = {
    only: text,
    sizes: text,
    preset: text,
    pairs: text,
    micro: text,
    items: text,
    rounds: text,
    python: text,
    tfjs: text,
    device: text,
  };
  const flags = { 'no-compile': flag, 'full-passes': flag, publish: flag, help: flag };
  const { values } = parsed(args, { ...names, ...flags, json: text });
  const preset = values.preset ?? 'recommended';
  among('--preset', [preset], ['recommended', 'paper']);
  const only = list(values.only ?? (values.publish ? sections.join(',') : 'products,step,encode'));
  among('--only', only, sections);
  const chosen = list(values.sizes ?? (values.publish ? sizes.join(',') : 'tiny'));
  among('--sizes', chosen, sizes);
  const pairs = count('--pairs', values.pairs);
  const micro = count('--micro', values.micro);
  if (pairs !== undefined && micro !== undefined && micro > pairs) {
    throw new UsageError(`bench: expected --micro of at most ${pairs} (--pairs), got ${micro}`);
  }
  const device = values.device ?? 'cpu';
  among('--device', [device], ['cpu', 'webgpu', 'cuda']);
  const onCpu = values.publish ? '--publish' : only.find((name) => !onAnyDevice.includes(name));
  if (device !== 'cpu' && onCpu !== undefined)
    throw new UsageError(`bench: expected --device cpu with ${onCpu}, got ${device}`);
  const items = count('--items', values.items);
  const python = values.python ?? 'python3';
  return {
    only,
    sizes: /** @type {import('./case.mjs').Size[]} */ (chosen),
    preset: /** @type {import('./case.mjs').Preset} */ (preset),
    rounds: count('--rounds', values.rounds) ?? 9,
    compile: !values['no-compile'],
    fullPasses: values['full-passes'],
    publish: values.publish,
    help: values.help,
    tfjs: values.tfjs ?? ROOT,
    device,
    ...(pairs === undefined ? {} : { pairs }),
    ...(micro === undefined ? {} : { micro }),
    ...(items === undefined ? {} : { items }),
    ...(python === 'none' ? {} : { python }),
    ...(values.json === undefined ? {} : { json: values.json }),
  };
}

/**
 * @template {import('node:util').ParseArgsConfig['options']} T
 * @param {string[]} args
 * @param {T} options
 */
function parsed(args, options) {
  try {
    return parseArgs({ args, options, strict: true });
  } catch (error) {
    throw new UsageError(`bench: ${/** @type {Error} */ (error).message}`);
  }
}

const list = (/** @type {string} */ value) => value.split(',').filter((name) => name !== '');

/** @param {string} option @param {readonly string[]} names @param {readonly string[]} known */
function among(option, names, known) {
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new UsageError(`bench: expected ${option} of ${known.join(', ')}, got ${unknown}`);
}

/** @param {string} option @param {string | undefined} value */
function count(option, value) {
  if (value === undefined) return undefined;
  const number = Number(value);
  if (Number.isSafeInteger(number) && number >= 1) return number;
  throw new UsageError(`bench: expected ${option} to be a whole number from 1, got ${value}`);
}
