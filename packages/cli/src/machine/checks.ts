import { access, constants } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { availableParallelism, cpus, freemem, totalmem } from 'node:os';
import { join } from 'node:path';
import type { Tensor2D } from '@tensorflow/tfjs-core';
import { engines } from '../version.js';

/** What a check found. */
export type Finding = { readonly works: string } | { readonly note: string } | { readonly fails: string };

/** Something that the commands need. */
export interface Check {
  readonly name: string;
  /** A rejection is a failure. */
  readonly run: () => Promise<Finding>;
  /** What to do where it fails. */
  readonly remedy: string;
}

const require = createRequire(import.meta.url);

/** What `uniecs doctor` looks at, in its order. */
export const machineChecks: readonly Check[] = [
  { name: 'Node', run: nodeVersion, remedy: `install Node ${engines.node}` },
  {
    name: 'ONNX Runtime (cpu)',
    run: onnxRuntime,
    remedy:
      'install onnxruntime-node again: npm install; on another platform than its packages cover nothing can be trained',
  },
  {
    name: 'images (sharp)',
    run: images,
    remedy: 'install sharp for this platform again: npm install --include=optional sharp',
  },
  {
    name: 'LanceDB',
    run: lanceDb,
    remedy:
      'install it again: npm install --include=optional @lancedb/lancedb apache-arrow; --store exact works without',
  },
  {
    name: 'TensorFlow.js, one copy',
    run: oneEngine,
    remedy:
      'have one version of @tensorflow/tfjs-core installed: npm ls @tensorflow/tfjs-core shows them, npm dedupe mends most',
  },
  { name: 'machine', run: machine, remedy: '' },
  {
    name: 'this folder',
    run: writable,
    remedy: 'work in a folder that you may write to, or pass --out and --to elsewhere',
  },
];

async function nodeVersion(): Promise<Finding> {
  const parts = (text: string) =>
    text
      .replace(/^[^\d]*/, '')
      .split('.')
      .map(Number);
  const [wanted, got] = [parts(engines.node), parts(process.version)];
  const at = wanted.findIndex((part, i) => part !== (got[i] ?? 0));
  const enough = at < 0 || (got[at] ?? 0) > (wanted[at] as number);
  return enough ? { works: process.version } : { fails: `${process.version} is older than ${engines.node}` };
}

/** Compiles and runs a graph of one product. */
async function onnxRuntime(): Promise<Finding> {
  const { startEngine } = await import('../engine.js');
  const { matMul } = await import('@tensorflow/tfjs-core');
  const { compile } = await import('@uniecs/compile');
  await startEngine();
  const square = compile((x: Tensor2D): Tensor2D => matMul(x, x), { name: 'square' });
  try {
    const { data } = await square({ dtype: 'float32', shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) });
    return String(data) === '7,10,15,22'
      ? { works: 'compiles and runs a graph' }
      : { fails: `a product came out as ${data}` };
  } finally {
    await square.dispose();
  }
}

/** A PNG of one white pixel. */
const pixel =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAACXBIWXMAAAPoAAAD6AG1e1JrAAAADElEQVQImWP4//8/AAX+Av5Y8msOAAAAAElFTkSuQmCC';

async function images(): Promise<Finding> {
  const { decodeImage } = await import('@uniecs/encoders/node');
  const pixels = await decodeImage(Buffer.from(pixel, 'base64'), 2);
  return pixels.every((value) => value === 255)
    ? { works: 'decodes and resizes a picture' }
    : { fails: `a white picture came out as ${pixels.subarray(0, 3)}` };
}

async function lanceDb(): Promise<Finding> {
  const { connect } = await import('@lancedb/lancedb');
  (await connect('memory://')).close();
  return { works: 'opens a database' };
}

/** The packages that hold tensors, and whether they all hold the same engine. */
async function oneEngine(): Promise<Finding> {
  const users = ['tensor', 'compile', 'losses', 'encoders', 'retrieval'].map((name) => `@uniecs/${name}`);
  const own = require.resolve('@tensorflow/tfjs-core');
  const found = users.map((name) => createRequire(require.resolve(name)).resolve('@tensorflow/tfjs-core'));
  const others = [...new Set(found)].filter((path) => path !== own);
  if (others.length > 0) return { fails: `more than one: ${[own, ...others].join(', ')}` };
  const here = resolvedFrom(process.cwd());
  if (here !== undefined && here !== own) {
    return { note: `this folder has another one (${here}), which a --term module here would load` };
  }
  const { version } = require('@tensorflow/tfjs-core/package.json') as { version: string };
  return { works: `version ${version}` };
}

function resolvedFrom(folder: string): string | undefined {
  try {
    return createRequire(join(folder, 'here.js')).resolve('@tensorflow/tfjs-core');
  } catch {
    return undefined;
  }
}

/** A run of size tiny at batch 96 takes 1.35 GB; with less than this it may not fit beside all else without --micro-batch. */
const comfortable = 2 * 2 ** 30;

async function machine(): Promise<Finding> {
  const gib = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GiB`;
  const [cpu] = cpus();
  const text = `${availableParallelism()} cores${cpu ? ` (${cpu.model.trim()})` : ''}, ${gib(totalmem())} of memory, ${gib(freemem())} free`;
  return totalmem() < comfortable ? { note: `${text}: train with --micro-batch 16 or so` } : { works: text };
}

async function writable(): Promise<Finding> {
  await access(process.cwd(), constants.W_OK);
  return { works: `${process.cwd()} can be written` };
}
