import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../setup.mjs';

/**
 * `threads`: what ONNX Runtime takes, and what the other sides are given.
 * @typedef {{ cpu: string, threads: number, memoryBytes: number, platform: string, node: string, onnxruntime: string, torch?: string }} Machine
 */

/**
 * The version of PyTorch behind a Python, or undefined where there is none.
 * @param {string} python
 * @returns {string | undefined}
 */
export const torchVersion = (python) => printed(python, 'import torch; print(torch.__version__)');

/** Whether PyTorch sees a CUDA device. @param {string} python */
export const torchHasCuda = (python) => printed(python, 'import torch; print(torch.cuda.is_available())') === 'True';

/** @param {string} python @param {string} program */
function printed(python, program) {
  const { status, stdout } = spawnSync(python, ['-c', program], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

/**
 * What the figures are taken on.
 * @param {{ threads: number, torch: string | undefined }} of
 * @returns {Machine}
 */
export function describeMachine({ threads, torch }) {
  const runtime = readFileSync(join(ROOT, 'node_modules', 'onnxruntime-node', 'package.json'), 'utf8');
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    threads,
    memoryBytes: totalmem(),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    onnxruntime: JSON.parse(runtime).version,
    ...(torch === undefined ? {} : { torch }),
  };
}
