import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../setup.mjs';

/** @typedef {{ cpu: string, threads: number, memoryBytes: number, platform: string, node: string, onnxruntime: string, torch?: string }} Machine */

/**
 * The version of PyTorch behind a Python, or undefined where there is none.
 * @param {string} python
 * @returns {string | undefined}
 */
export function torchVersion(python) {
  const { status, stdout } = spawnSync(python, ['-c', 'import torch; print(torch.__version__)'], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}

/**
 * What the figures were taken on.
 * @param {string | undefined} torch
 * @returns {Machine}
 */
export function describeMachine(torch) {
  const runtime = readFileSync(join(ROOT, 'node_modules', 'onnxruntime-node', 'package.json'), 'utf8');
  return {
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    threads: cpus().length,
    memoryBytes: totalmem(),
    platform: `${process.platform} ${process.arch}`,
    node: process.version,
    onnxruntime: JSON.parse(runtime).version,
    ...(torch === undefined ? {} : { torch }),
  };
}
